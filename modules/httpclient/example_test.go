package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/httpclient"
)

// Shop is a resource of one's own: the client of an API that wants a login.
type Shop struct {
	*httpclient.Client
	password container.Secret[string]
}

// ShopConfig is where the shop is, and how to log in.
type ShopConfig struct {
	HTTP     httpclient.Config
	Password container.Secret[string]
}

// NewShop is an ordinary Fx constructor.
func NewShop(lc fx.Lifecycle, cfg ShopConfig) (*Shop, error) {
	client, err := httpclient.New(lc, cfg.HTTP)
	if err != nil {
		return nil, err
	}
	shop := &Shop{Client: client, password: cfg.Password}
	lc.Append(fx.StartStopHook(shop.login, shop.logout))
	return shop, nil
}

func (s *Shop) login(ctx context.Context) error {
	var session struct{ Token container.Secret[string] }
	credentials := map[string]string{"password": s.password.Reveal()}
	if err := s.PostJSON(ctx, "login", credentials, &session); err != nil {
		return fmt.Errorf("logging in: %w", err)
	}
	s.SetBearer(session.Token)
	return nil
}

func (s *Shop) logout(ctx context.Context) error {
	if err := s.PostJSON(ctx, "logout", nil, nil); err != nil {
		return fmt.Errorf("logging out: %w", err)
	}
	return nil
}

// Orders is a call that this API has.
func (s *Shop) Orders(ctx context.Context) (ids []int, err error) {
	err = s.GetJSON(ctx, "orders", nil, &ids)
	return ids, err
}

func shopServer() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/login", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Println("server: login")
		_, _ = fmt.Fprint(w, `{"token": "t0k3n"}`)
	})
	mux.HandleFunc("GET /v1/orders", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("server: orders with", r.Header.Get("Authorization"))
		_, _ = fmt.Fprint(w, `[7, 8]`)
	})
	mux.HandleFunc("POST /v1/logout", func(http.ResponseWriter, *http.Request) { fmt.Println("server: logout") })
	return httptest.NewServer(mux)
}

func Example() {
	server := shopServer()
	defer server.Close()

	var shop *Shop
	app := fx.New(
		fx.NopLogger,
		fx.Supply(ShopConfig{
			HTTP:     httpclient.Config{BaseURL: server.URL + "/v1"},
			Password: container.NewSecret("hunter2"),
		}),
		fx.Provide(NewShop),
		fx.Populate(&shop),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(shop.Orders(ctx))
	fmt.Println(app.Stop(ctx))
	// Output:
	// server: login
	// server: orders with Bearer t0k3n
	// [7 8] <nil>
	// server: logout
	// <nil>
}

func ExampleStatusError() {
	err := error(&httpclient.StatusError{
		Method: "GET", URL: "https://api.example/orders/7", StatusCode: http.StatusNotFound, Body: "no such order",
	})
	err = fmt.Errorf("fetching order 7: %w", err)

	var status *httpclient.StatusError
	if errors.As(err, &status) && status.StatusCode == http.StatusNotFound {
		fmt.Println("there is none:", err)
	}
	// Output: there is none: fetching order 7: GET https://api.example/orders/7: 404 Not Found: no such order
}
