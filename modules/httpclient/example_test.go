package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

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
	client.UseTokens(lc, shop.login)
	lc.Append(fx.StopHook(shop.logout))
	return shop, nil
}

// login is called at the start, and again before the token expires or once it
// is refused.
func (s *Shop) login(ctx context.Context) (httpclient.Token, error) {
	var session struct {
		Token   container.Secret[string]
		Seconds int
	}
	credentials := map[string]string{"password": s.password.Reveal()}
	if err := s.PostJSON(ctx, "login", credentials, &session); err != nil {
		return httpclient.Token{}, err
	}
	return httpclient.Token{
		Value:   session.Token,
		Expires: time.Now().Add(time.Duration(session.Seconds) * time.Second),
	}, nil
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
		_, _ = fmt.Fprint(w, `{"token": "t0k3n", "seconds": 3600}`)
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

// clientCredentials stands for the Config of golang.org/x/oauth2/clientcredentials,
// whose Token method has this shape.
type clientCredentials struct{ ID, Secret string }

type oauthToken struct {
	AccessToken string
	Expiry      time.Time
}

func (c clientCredentials) Token(context.Context) (*oauthToken, error) {
	return &oauthToken{AccessToken: "t0k3n for " + c.ID, Expiry: time.Now().Add(time.Hour)}, nil
}

// OAuth 2 with client credentials: any source of tokens is a function away.
func ExampleClient_UseTokens_oauth2() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%q", r.Header.Get("Authorization"))
	}))
	defer server.Close()

	newClient := func(lc fx.Lifecycle, cfg httpclient.Config, credentials clientCredentials) (*httpclient.Client, error) {
		client, err := httpclient.New(lc, cfg)
		if err != nil {
			return nil, err
		}
		client.UseTokens(lc, func(ctx context.Context) (httpclient.Token, error) {
			token, err := credentials.Token(ctx)
			if err != nil {
				return httpclient.Token{}, err
			}
			return httpclient.Token{Value: container.NewSecret(token.AccessToken), Expires: token.Expiry}, nil
		})
		return client, nil
	}
	var client *httpclient.Client
	app := fx.New(
		fx.NopLogger,
		fx.Supply(httpclient.Config{BaseURL: server.URL}, clientCredentials{ID: "me", Secret: "hunter2"}),
		fx.Provide(newClient),
		fx.Populate(&client),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	var authorization string
	fmt.Println(client.GetJSON(ctx, "", nil, &authorization), authorization)
	fmt.Println(app.Stop(ctx))
	// Output:
	// <nil> Bearer t0k3n for me
	// <nil>
}

// An API that allows ten requests a second: all callers of the client together
// keep to it.
func ExampleConfig_rate() {
	cfg := httpclient.Config{BaseURL: "https://api.example", RequestsPerSecond: 10, Burst: 5}
	fmt.Println(cfg.Validate())
	// Output: <nil>
}
