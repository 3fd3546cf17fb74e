package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/fxrun/fxrun/internal/panics"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// Token is what an API gave for a login.
type Token struct {
	// Value is the bearer token; it can't be empty.
	Value container.Secret[string]
	// Expires is when the API stops taking it. Zero means never, as far as is
	// known.
	Expires time.Time
}

// TokenSource fetches a new token. For example, it logs in, asks an OAuth 2 server,
// or reads a file. It may call the API with the same client, if it uses ctx as the
// context. Such requests carry no token.
//
// ctx ends when the client stops, and after the Timeout of the config. A call does
// not begin before the last one has ended. The error must not contain secrets,
// because [Client.Do] returns it to its callers. errors.Is finds it.
type TokenSource func(ctx context.Context) (Token, error)

// UseTokens makes every request to the API carry a token of source, as
// [Client.SetBearer] describes. Call it once, in the constructor that made the
// client, with the lifecycle of that constructor.
//
// The first token is fetched when lc starts. If source returns an error then, the
// start fails. A later token is fetched when a request finds that the old token
// ends within RenewBefore, or within half of its life if that is less. Requests
// carry the old token as long as it is valid. After that they wait for the new
// token, or for the end of their own context. While the old token is valid, a
// failed renewal is not an error, and it is tried again later.
//
// A response of 401 means that the API no longer accepts the token. A new one is
// fetched, only once for any number of such responses. The request is sent once
// more if its body can be read again. A second 401 is a [*StatusError], like other
// statuses. If the renewal fails, the error is a [*StatusError] of the 401 with the
// cause at its end.
func (c *Client) UseTokens(lc fx.Lifecycle, source TokenSource) {
	tokens := &tokens{source: source, renewBefore: max(c.cfg.RenewBefore, 0), timeout: c.cfg.Timeout}
	tokens.ctx, tokens.end = context.WithCancel(context.Background()) // for requests before the start
	c.tokens = tokens
	lc.Append(fx.StartStopHook(tokens.start, tokens.stop))
}

// tokens keeps the token of a source new.
type tokens struct {
	source      TokenSource
	renewBefore time.Duration
	timeout     time.Duration // of one call of source; less than zero for none

	busy sync.WaitGroup // renewals

	mu      sync.Mutex
	ctx     context.Context // of renewals, which outlast the request that began one
	end     context.CancelFunc
	current Token
	renewAt time.Time // zero for never
	renewal *renewal  // the one under way, or nil
}

// renewal is one call of the source, and all who wait for it.
type renewal struct {
	done chan struct{} // closed when it has ended; the rest is read then

	token container.Secret[string]
	err   error
}

func (t *tokens) start(ctx context.Context) error {
	token, err := t.fetch(ctx)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ctx, t.end = context.WithCancel(context.WithoutCancel(ctx))
	t.keep(token)
	return nil
}

func (t *tokens) stop() {
	t.mu.Lock()
	t.end()
	t.mu.Unlock()
	t.busy.Wait()
}

// get returns a token that is valid, or the error of its renewal or of ctx.
func (t *tokens) get(ctx context.Context) (container.Secret[string], error) {
	t.mu.Lock()
	now := time.Now()
	token := t.current
	if !due(t.renewAt, now) {
		t.mu.Unlock()
		return token.Value, nil
	}
	renewal := t.renew()
	t.mu.Unlock()
	if !due(token.Expires, now) {
		return token.Value, nil
	}
	value, err := renewal.wait(ctx)
	if err != nil {
		return value, fmt.Errorf("renewing the token: %w", err)
	}
	return value, nil
}

// refused says that the API didn't take the token, and returns the one to try
// instead.
func (t *tokens) refused(ctx context.Context, token string) (container.Secret[string], error) {
	t.mu.Lock()
	if t.current.Value.Reveal() != token { // another request met the same, and was faster
		t.mu.Unlock()
		return t.get(ctx)
	}
	renewal := t.renew()
	t.mu.Unlock()
	return renewal.wait(ctx)
}

// set puts a token in the place of what the source gave.
func (t *tokens) set(token container.Secret[string]) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep(Token{Value: token})
}

// keep is called with mu held.
func (t *tokens) keep(token Token) {
	t.current, t.renewAt = token, time.Time{}
	if token.Expires.IsZero() {
		return
	}
	life := time.Until(token.Expires)
	t.renewAt = token.Expires.Add(-min(t.renewBefore, life/2))
}

// renew joins the renewal under way, or begins one. It is called with mu held.
func (t *tokens) renew() *renewal {
	if t.renewal != nil {
		return t.renewal
	}
	ctx, underWay := t.ctx, &renewal{done: make(chan struct{})}
	t.renewal = underWay
	t.busy.Go(func() {
		token, err := Token{}, errors.New("fetching a token: the source ended its goroutine")
		defer func() { t.finish(underWay, token, err) }()
		token, err = t.fetch(ctx)
	})
	return underWay
}

func (t *tokens) finish(renewal *renewal, token Token, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer close(renewal.done)
	t.renewal = nil
	renewal.token, renewal.err = token.Value, err
	if err == nil {
		t.keep(token)
		return
	}
	// A login that fails isn't tried by each of the requests that the old token
	// still serves.
	if left := time.Until(t.current.Expires); left > 0 {
		t.renewAt = time.Now().Add(left / 2)
	}
}

func (r *renewal) wait(ctx context.Context) (container.Secret[string], error) {
	select {
	case <-r.done:
		return r.token, r.err
	case <-ctx.Done():
		return container.Secret[string]{}, ctx.Err()
	}
}

// fetch calls the source, which is the user's code, in a goroutine of ours: its
// panic must not end the process.
func (t *tokens) fetch(ctx context.Context) (token Token, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("fetching a token: %w", panics.Recovered(reason))
		}
	}()
	if err := ctx.Err(); err != nil {
		return Token{}, fmt.Errorf("fetching a token: %w", err)
	}
	ctx = context.WithValue(ctx, withoutToken{}, t)
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	token, err = t.source(ctx)
	switch {
	case err != nil:
		return Token{}, fmt.Errorf("fetching a token: %w", err)
	case token.Value.Reveal() == "":
		return Token{}, errors.New("fetching a token: the source gave an empty one")
	case due(token.Expires, time.Now()):
		return Token{}, fmt.Errorf("fetching a token: the source gave one that expired at %v", token.Expires.UTC().Format(time.RFC3339))
	}
	return token, nil
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// withoutToken marks the context of a token source: a request made with it
// would wait for the token that it is to fetch. Its value is the tokens.
type withoutToken struct{}

// tokensFor returns the tokens that the request's is one of, or nil.
func (c *Client) tokensFor(req *http.Request) *tokens {
	if c.tokens == nil || req.Context().Value(withoutToken{}) == c.tokens || !c.wantsToken(req) {
		return nil
	}
	return c.tokens
}
