// Package httpclient is a client of one HTTP API as a resource: a base URL, a
// bearer token, retries, bounded responses, JSON, and errors that say which
// call failed without giving away secrets.
//
// A resource for a particular API embeds [*Client] and adds the calls of the API.
// If the API needs a login, the constructor of the resource gives a function that
// logs in to [Client.UseTokens]. This function is called at the start, before the
// token expires, and after the API has refused the token. [Config] also says how
// many requests the API allows in a second.
package httpclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-cleanhttp"
	"go.uber.org/fx"
	"golang.org/x/time/rate"

	"github.com/fxrun/fxrun/container"
)

// Client calls one HTTP API. Make it with [New]; it is safe for concurrent use.
type Client struct {
	cfg    Config // with defaults filled in
	base   *url.URL
	http   *http.Client
	bearer atomic.Pointer[container.Secret[string]] // never nil; unused with tokens
	tokens *tokens                                  // nil without a source of them
	pace   *rate.Limiter                            // nil without a limit
}

// New returns a client of the API at cfg.BaseURL. When lc starts, it makes no call.
// When lc stops, it closes idle connections, so read responses to their end before.
// It uses the proxies that the environment names, as net/http does. The error is
// that of [Config.Validate].
func New(lc fx.Lifecycle, cfg Config) (*Client, error) {
	transport := cleanhttp.DefaultPooledTransport()
	transport.MaxIdleConnsPerHost = idleConns
	return NewWithTransport(lc, cfg, transport)
}

// idleConns is how many connections wait for the next call: steps of a run
// call the same host side by side, and net/http would keep two.
const idleConns = 16

// NewWithTransport is [New] with a transport of the caller, for example one with
// certificates or tracing, or a fake. When lc stops, its idle connections are
// closed.
func NewWithTransport(lc fx.Lifecycle, cfg Config, transport http.RoundTripper) (*Client, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring an HTTP client: %w", err)
	}
	base, err := parseBase(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("configuring an HTTP client: %w", err)
	}
	client := &Client{cfg: cfg, base: base}
	client.http = &http.Client{Transport: transport, CheckRedirect: checkRedirect}
	if cfg.Timeout > 0 {
		client.http.Timeout = cfg.Timeout
	}
	client.SetBearer(cfg.Token)
	if cfg.RequestsPerSecond > 0 {
		client.pace = rate.NewLimiter(rate.Limit(cfg.RequestsPerSecond), cfg.Burst)
	}
	lc.Append(fx.StopHook(client.http.CloseIdleConnections))
	return client, nil
}

// SetBearer sets the token for every later request to the API. A token of "" means
// that no token is sent. It replaces the Token of the config. With
// [Client.UseTokens] it replaces the last token of the source until the API
// refuses it.
//
// The token is sent to the origin of the base URL only (scheme, host, port),
// neither to another host that a request or a redirect names, nor over plain
// HTTP where the base URL is HTTPS. A request that has an Authorization header
// keeps its own.
func (c *Client) SetBearer(token container.Secret[string]) {
	c.bearer.Store(&token)
	if c.tokens != nil {
		c.tokens.set(token)
	}
}

// authorize gives the request its token, if it is to have one.
func (c *Client) authorize(req *http.Request) error {
	if !c.wantsToken(req) {
		return nil
	}
	token := *c.bearer.Load()
	if c.tokens != nil {
		tokens := c.tokensFor(req)
		if tokens == nil {
			return nil
		}
		var err error
		if token, err = tokens.get(req.Context()); err != nil {
			return err
		}
	}
	setBearer(req, token)
	return nil
}

func setBearer(req *http.Request, token container.Secret[string]) {
	if token.Reveal() != "" {
		req.Header.Set("Authorization", "Bearer "+token.Reveal())
	}
}

func (c *Client) wantsToken(req *http.Request) bool {
	return req.Header.Get("Authorization") == "" && sameOrigin(req.URL, c.base)
}

// checkRedirect goes beyond net/http, which keeps the Authorization header when
// HTTPS is redirected to HTTP on one host, and shows the next host the query of
// the last.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("stopped after %d redirects", maxRedirects)
	}
	if !sameOrigin(next.URL, via[0].URL) {
		next.Header.Del("Authorization")
		next.Header.Del("Referer")
	}
	return nil
}

const maxRedirects = 10

// unreadable is why a URL can't be read, unless that quotes a piece of what stands
// before an @: where a password is not escaped, net/url takes it for a port.
func unreadable(text string, why error) error {
	before := text[:strings.LastIndexByte(text, '@')+1]
	_, quoted, _ := strings.Cut(why.Error(), `"`)
	piece, _, found := strings.Cut(strings.TrimPrefix(quoted, ":"), `"`)
	if found && strings.Contains(strconv.Quote(before), piece) {
		return errors.New("can't be read as a URL, and holds what may be a password")
	}
	return why
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// parseBase refuses what a base URL would leak or lose: its text is shown
// wherever the config is, and only its path is kept when a request's path is
// added. Its errors don't quote the text.
func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("base_url: %w", unreadable(text, withoutURL(err)))
	}
	switch {
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, errors.New("base_url: want it to begin with http:// or https://")
	case base.Host == "":
		return nil, errors.New("base_url: no host")
	case base.User != nil:
		return nil, errors.New("base_url: holds a user name or password, which would be shown with the config: use a token")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("base_url: holds a query or a fragment: pass the query with each request")
	}
	return base, nil
}
