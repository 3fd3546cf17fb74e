package httpclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/httpclient"
)

// numbered gives the tokens t1, t2, ... that live for life; zero for ever.
func numbered(calls *atomic.Int32, life time.Duration) httpclient.TokenSource {
	return func(context.Context) (httpclient.Token, error) {
		token := httpclient.Token{Value: container.NewSecret(fmt.Sprintf("t%d", calls.Add(1)))}
		if life > 0 {
			token.Expires = time.Now().Add(life)
		}
		return token, nil
	}
}

// startWith returns a started client with tokens of source; it stops with the test.
func startWith(t *testing.T, cfg httpclient.Config, source httpclient.TokenSource) *httpclient.Client {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	client, err := httpclient.New(lc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	client.UseTokens(lc, source)
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return client
}

// accepting answers with what was sent if the token is the one that counts.
func accepting(token *atomic.Value) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer "+token.Load().(string) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprintf(w, "who is %q?", r.Header.Get("Authorization"))
			return
		}
		_, _ = fmt.Fprintf(w, "%q", r.Method+" "+string(body))
	}
}

func TestTokenRefused(t *testing.T) {
	t.Parallel()

	t.Run("is renewed once, and the request is sent once more, whatever its method", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		var good atomic.Value
		good.Store("t1")
		client := startWith(t, fast(serve(t, accepting(&good)).URL), numbered(&calls, 0))
		for i, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			good.Store(fmt.Sprintf("t%d", i+2))
			req, err := client.NewRequest(t.Context(), method, "/", nil, strings.NewReader("order"))
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := client.DoJSON(req, &got); err != nil || got != method+" order" {
				t.Errorf("got %q, %v", got, err)
			}
		}
		if got := calls.Load(); got != 4 {
			t.Errorf("the source was called %d times, want 4", got)
		}
	})

	t.Run("is renewed once for many requests at once", func(t *testing.T) {
		t.Parallel()
		const many = 20
		var calls, refused, inSource atomic.Int32
		var good atomic.Value
		good.Store("t2")
		all := make(chan struct{})
		accept := accepting(&good)
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer t1" {
				if refused.Add(1) == many {
					close(all)
				}
				<-all // every request carries the old token
			}
			accept(w, r)
		})
		next := numbered(&calls, 0)
		client := startWith(t, fast(server.URL), func(ctx context.Context) (httpclient.Token, error) {
			if inSource.Add(1) > 1 {
				t.Error("two calls of the source at once")
			}
			defer inSource.Add(-1)
			runtime.Gosched()
			return next(ctx)
		})
		var requests sync.WaitGroup
		for range many {
			requests.Go(func() {
				if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
					t.Error(err)
				}
			})
		}
		requests.Wait()
		if got := calls.Load(); got != 2 {
			t.Errorf("the source was called %d times, want 2", got)
		}
	})

	t.Run("isn't renewed again for a late answer about the old one", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		slow, renewed := make(chan struct{}), make(chan struct{})
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t1" {
				return
			}
			if r.URL.Path == "/slow" {
				close(slow)
				<-renewed
			}
			w.WriteHeader(http.StatusUnauthorized)
		})
		client := startWith(t, fast(server.URL), numbered(&calls, 0))
		get := func(path string) {
			if err := client.DoJSON(must(client.NewRequest(t.Context(), http.MethodGet, path, nil, nil)), nil); err != nil {
				t.Error(err)
			}
		}
		var late sync.WaitGroup
		late.Go(func() { get("slow") })
		<-slow
		get("fast")
		close(renewed)
		late.Wait()
		if got := calls.Load(); got != 2 {
			t.Errorf("the source was called %d times, want 2", got)
		}
	})

	t.Run("is a StatusError if the new one is refused, too", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		var good atomic.Value
		good.Store("none")
		server := serve(t, accepting(&good))
		err := startWith(t, fast(server.URL), numbered(&calls, 0)).GetJSON(t.Context(), "/", nil, nil)
		want := "GET " + server.URL + `/: 401 Unauthorized: who is "Bearer ******"?`
		if err == nil || err.Error() != want || calls.Load() != 2 {
			t.Errorf("got %v after %d tokens, want %s", err, calls.Load(), want)
		}
	})

	t.Run("is a StatusError with the cause if the renewal fails", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		var good atomic.Value
		good.Store("none")
		errLogin := errors.New("the account is closed")
		server := serve(t, accepting(&good))
		client := startWith(t, fast(server.URL), func(context.Context) (httpclient.Token, error) {
			if calls.Add(1) == 1 {
				return httpclient.Token{Value: container.NewSecret("hunter2")}, nil
			}
			return httpclient.Token{}, errLogin
		})
		err := client.GetJSON(t.Context(), "/", nil, nil)
		want := "GET " + server.URL + `/: 401 Unauthorized: who is "Bearer ******"?; renewing the token: fetching a token: the account is closed`
		var status *httpclient.StatusError
		if err == nil || err.Error() != want || !errors.Is(err, errLogin) || !errors.As(err, &status) {
			t.Errorf("got %v, want %s", err, want)
		}
	})

	t.Run("is renewed for the next request, if a body can't be read again", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		var good atomic.Value
		good.Store("t2")
		client := startWith(t, fast(serve(t, accepting(&good)).URL), numbered(&calls, 0))
		for i, want := range []int{http.StatusUnauthorized, 0} {
			req, err := client.NewRequest(t.Context(), http.MethodPost, "/", nil, io.MultiReader(strings.NewReader("x")))
			if err != nil {
				t.Fatal(err)
			}
			var status *httpclient.StatusError
			err = client.DoJSON(req, nil)
			if got := errors.As(err, &status); got != (want > 0) {
				t.Errorf("request %d: got %v", i+1, err)
			}
		}
	})

	t.Run("is nobody's business where the request had its own, or went to another host", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		var good atomic.Value
		good.Store("none")
		client := startWith(t, fast(serve(t, accepting(&good)).URL), numbered(&calls, 0))
		own, err := client.NewRequest(t.Context(), http.MethodGet, "/", nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		own.Header.Set("Authorization", "Bearer mine")
		other, err := http.NewRequestWithContext(t.Context(), http.MethodGet, serve(t, accepting(&good)).URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, req := range []*http.Request{own, other} {
			if err := client.DoJSON(req, nil); err == nil || strings.Contains(err.Error(), "t1") {
				t.Errorf("got %v", err)
			}
		}
		if got := calls.Load(); got != 1 {
			t.Errorf("the source was called %d times, want 1", got)
		}
	})
}

func TestTokenSource(t *testing.T) {
	t.Parallel()

	t.Run("may call the API by the same client, without a token", func(t *testing.T) {
		t.Parallel()
		var logins atomic.Int32
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				_, _ = fmt.Fprintf(w, `{"authorization": %q, "number": %d}`, r.Header.Get("Authorization"), logins.Add(1))
				return
			}
			if r.Header.Get("Authorization") != "Bearer t2" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		lc := fxtest.NewLifecycle(t)
		client, err := httpclient.New(lc, fast(server.URL))
		if err != nil {
			t.Fatal(err)
		}
		client.UseTokens(lc, func(ctx context.Context) (httpclient.Token, error) {
			var session struct {
				Authorization string
				Number        int
			}
			err := client.PostJSON(ctx, "login", nil, &session)
			if session.Authorization != "" {
				t.Errorf("the login carried %q", session.Authorization)
			}
			return httpclient.Token{Value: container.NewSecret(fmt.Sprintf("t%d", session.Number))}, err
		})
		lc.RequireStart()
		defer lc.RequireStop()
		if err := client.DoJSON(must(client.NewRequest(t.Context(), http.MethodGet, "orders", nil, nil)), nil); err != nil {
			t.Error(err)
		}
	})

	for name, test := range map[string]struct {
		source httpclient.TokenSource
		want   string
	}{
		"an error": {
			func(context.Context) (httpclient.Token, error) { return httpclient.Token{}, errors.New("no such user") },
			"fetching a token: no such user",
		},
		"no token": {
			func(context.Context) (httpclient.Token, error) { return httpclient.Token{}, nil },
			"fetching a token: the source gave an empty one",
		},
		"a token of yesterday": {
			func(context.Context) (httpclient.Token, error) {
				return httpclient.Token{Value: container.NewSecret("hunter2"), Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, nil
			},
			"fetching a token: the source gave one that expired at 2026-01-02T03:04:05Z",
		},
		"a panic": {
			func(context.Context) (httpclient.Token, error) { panic("no password") },
			"fetching a token: panic: no password (httpclient_test.",
		},
	} {
		t.Run(name+" fails the start, and a later renewal", func(t *testing.T) {
			t.Parallel()
			lc := fxtest.NewLifecycle(t)
			client, err := httpclient.New(lc, fast("http://api.example"))
			if err != nil {
				t.Fatal(err)
			}
			client.UseTokens(lc, test.source)
			if err := lc.Start(t.Context()); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}

			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
			good := httpclient.Token{Value: container.NewSecret("t1")}
			var calls atomic.Int32
			later := startWith(t, fast(server.URL), func(ctx context.Context) (httpclient.Token, error) {
				if calls.Add(1) == 1 {
					return good, nil
				}
				return test.source(ctx)
			})
			err = later.GetJSON(t.Context(), "/", nil, nil)
			if want := "GET " + server.URL + "/: 401 Unauthorized; renewing the token: " + test.want; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}

	t.Run("that ends its goroutine fails the renewal only", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int32
		var good atomic.Value
		good.Store("t3")
		next := numbered(&calls, 0)
		server := serve(t, accepting(&good))
		client := startWith(t, fast(server.URL), func(ctx context.Context) (httpclient.Token, error) {
			token, err := next(ctx)
			if calls.Load() == 2 {
				runtime.Goexit()
			}
			return token, err
		})
		err := client.GetJSON(t.Context(), "/", nil, nil)
		if err == nil || !strings.HasSuffix(err.Error(), ": the source ended its goroutine") {
			t.Errorf("got %v", err)
		}
		if err := client.GetJSON(t.Context(), "/", nil, nil); err != nil {
			t.Error(err)
		}
	})

	t.Run("ends with the stop, which waits for it", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, 0)
			lc := fxtest.NewLifecycle(t)
			client, err := httpclient.NewWithTransport(lc, httpclient.Config{BaseURL: "http://api.example"},
				roundTripper(func(req *http.Request) (*http.Response, error) {
					return fakeResponse(req, http.StatusUnauthorized, nil), nil
				}))
			if err != nil {
				t.Fatal(err)
			}
			client.UseTokens(lc, func(ctx context.Context) (httpclient.Token, error) {
				if calls.Load() == 0 {
					return next(ctx)
				}
				<-ctx.Done()
				time.Sleep(time.Second) // it has something to tidy up
				return httpclient.Token{}, ctx.Err()
			})
			lc.RequireStart()
			get := func() {
				if err := client.GetJSON(t.Context(), "/", nil, nil); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			}
			var request sync.WaitGroup
			request.Go(get)
			synctest.Wait()
			began := time.Now()
			lc.RequireStop()
			if waited := time.Since(began); waited != time.Second {
				t.Errorf("the stop took %v, want 1s", waited)
			}
			request.Wait()
			get() // after the stop
		})
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// fakeAPI is a client on a transport that tells the token of each request, in
// the fake time of a synctest bubble.
func fakeAPI(t *testing.T, cfg httpclient.Config, source httpclient.TokenSource) (get func(ctx context.Context) (string, error)) {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	cfg.BaseURL = "http://api.example"
	client, err := httpclient.NewWithTransport(lc, cfg, roundTripper(func(req *http.Request) (*http.Response, error) {
		resp := fakeResponse(req, 200, nil)
		resp.Body = io.NopCloser(strings.NewReader(fmt.Sprintf("%q", req.Header.Get("Authorization"))))
		return resp, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	client.UseTokens(lc, source)
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return func(ctx context.Context) (string, error) {
		var got string
		err := client.GetJSON(ctx, "/", nil, &got)
		return strings.TrimPrefix(got, "Bearer "), err
	}
}

func TestTokenExpiry(t *testing.T) {
	t.Parallel()

	t.Run("is met by a renewal in time, beside requests with the old token", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, time.Hour)
			get := fakeAPI(t, httpclient.Config{RenewBefore: 10 * time.Minute}, func(ctx context.Context) (httpclient.Token, error) {
				time.Sleep(time.Second)
				return next(ctx)
			})
			var got []string
			for _, wait := range []time.Duration{0, 50*time.Minute - 3*time.Second, 3 * time.Second, 0, 2 * time.Second, 0} {
				time.Sleep(wait)
				token, err := get(t.Context())
				if err != nil {
					t.Error(err)
				}
				got = append(got, token)
			}
			if diff := cmp.Diff([]string{"t1", "t1", "t1", "t1", "t2", "t2"}, got); diff != "" || calls.Load() != 2 {
				t.Errorf("%d tokens, %s", calls.Load(), diff)
			}
		})
	})

	t.Run("makes requests wait for one renewal", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, time.Hour)
			get := fakeAPI(t, httpclient.Config{}, func(ctx context.Context) (httpclient.Token, error) {
				time.Sleep(time.Second)
				return next(ctx)
			})
			time.Sleep(2 * time.Hour)
			var requests sync.WaitGroup
			for range 10 {
				requests.Go(func() {
					if got, err := get(t.Context()); got != "t2" || err != nil {
						t.Errorf("got %q, %v", got, err)
					}
				})
			}
			requests.Wait()
			if got := calls.Load(); got != 2 {
				t.Errorf("the source was called %d times, want 2", got)
			}
		})
	})

	t.Run("of a token that lives for less than RenewBefore doesn't renew it each time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			get := fakeAPI(t, httpclient.Config{RenewBefore: time.Hour}, numbered(&calls, time.Minute))
			for range 10 { // half a minute, then one more renewal
				time.Sleep(4 * time.Second)
				if _, err := get(t.Context()); err != nil {
					t.Error(err)
				}
				synctest.Wait()
			}
			if got := calls.Load(); got != 2 {
				t.Errorf("the source was called %d times, want 2", got)
			}
		})
	})

	t.Run("with a negative RenewBefore is waited for", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			get := fakeAPI(t, httpclient.Config{RenewBefore: -1}, numbered(&calls, time.Hour))
			time.Sleep(time.Hour - 1)
			first, _ := get(t.Context())
			synctest.Wait()
			time.Sleep(time.Nanosecond)
			second, _ := get(t.Context())
			if first != "t1" || second != "t2" || calls.Load() != 2 {
				t.Errorf("got %s, then %s, of %d", first, second, calls.Load())
			}
		})
	})

	t.Run("is survived by a login that fails for a while, and isn't tried by each request", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, time.Hour)
			get := fakeAPI(t, httpclient.Config{RenewBefore: 32 * time.Minute}, func(ctx context.Context) (httpclient.Token, error) {
				token, err := next(ctx)
				if calls.Load() > 1 {
					err = errors.New("the login is down")
				}
				return token, err
			})
			began := time.Now()
			for time.Since(began) < time.Hour-time.Second {
				if got, err := get(t.Context()); got != "t1" || err != nil {
					t.Fatalf("after %v: got %q, %v", time.Since(began), got, err)
				}
				synctest.Wait()
				time.Sleep(time.Second)
			}
			if failed := calls.Load() - 1; failed < 5 || failed > 12 {
				t.Errorf("the login was tried %d times", failed)
			}
		})
	})

	t.Run("with a login that fails is an error that says so", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, time.Hour)
			errDown := errors.New("the login is down")
			get := fakeAPI(t, httpclient.Config{}, func(ctx context.Context) (httpclient.Token, error) {
				token, err := next(ctx)
				if calls.Load() == 2 {
					err = errDown
				}
				return token, err
			})
			time.Sleep(time.Hour)
			_, err := get(t.Context())
			want := "GET http://api.example/: renewing the token: fetching a token: the login is down"
			if !errors.Is(err, errDown) || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
			if got, err := get(t.Context()); got != "t3" || err != nil {
				t.Errorf("then got %q, %v", got, err)
			}
		})
	})

	t.Run("and a caller who gives up don't disturb the others", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, time.Hour)
			get := fakeAPI(t, httpclient.Config{}, func(ctx context.Context) (httpclient.Token, error) {
				select {
				case <-time.After(10 * time.Second):
				case <-ctx.Done():
					return httpclient.Token{}, ctx.Err()
				}
				return next(ctx)
			})
			time.Sleep(time.Hour)
			impatient, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var requests sync.WaitGroup
			began := time.Now()
			requests.Go(func() {
				_, err := get(impatient) // begins the renewal
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
					t.Errorf("got %v after %v", err, time.Since(began))
				}
			})
			synctest.Wait()
			requests.Go(func() {
				if got, err := get(t.Context()); got != "t2" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
			requests.Wait()
		})
	})

	t.Run("with a login that hangs ends with the timeout", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int32
			next := numbered(&calls, time.Hour)
			get := fakeAPI(t, httpclient.Config{Timeout: 7 * time.Second}, func(ctx context.Context) (httpclient.Token, error) {
				if calls.Load() == 1 {
					<-ctx.Done()
					return httpclient.Token{}, ctx.Err()
				}
				return next(ctx)
			})
			time.Sleep(time.Hour)
			began := time.Now()
			_, err := get(t.Context())
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 7*time.Second {
				t.Errorf("got %v after %v", err, time.Since(began))
			}
		})
	})
}
