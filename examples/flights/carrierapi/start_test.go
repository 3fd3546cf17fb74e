package carrierapi_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/examples/flights/carrierapi"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("it serves until it is stopped", func(t *testing.T) {
		url, stop, err := carrierapi.Start(carrierapi.New(nil, credentials))
		if err != nil {
			t.Fatal(err)
		}
		token := logIn(t, url)
		if err := stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := stop(t.Context()); err != nil {
			t.Errorf("the second stop: %v", err)
		}
		request, _ := http.NewRequest("GET", url+"/months", nil)
		request.Header.Set("Authorization", "Bearer "+token)
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			t.Error("it serves after the stop")
		}
	})
	t.Run("a stop whose context ends breaks off the requests under way", func(t *testing.T) {
		entered, left := make(chan struct{}), make(chan struct{})
		url, stop, err := carrierapi.Start(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			close(left)
		}))
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		go func() {
			response, err := client.Get(url)
			if err == nil {
				_ = response.Body.Close()
			}
			failed <- err
		}()
		<-entered
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := stop(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the stop's error is %v", err)
		}
		<-left
		if err := <-failed; err == nil {
			t.Error("the request succeeded")
		}
	})
}
