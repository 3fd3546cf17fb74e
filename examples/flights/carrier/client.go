package carrier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

// maxAnswer is the size, in bytes, up to which an answer is read.
const maxAnswer = 16 << 20

// Client is the [API] over HTTP. Make one with [New]; it works between its
// start and its stop. It is safe for concurrent use.
type Client struct {
	base        string
	credentials *Credentials
	http        *http.Client
	token       atomic.Pointer[string] // nil while logged out
}

var _ API = (*Client)(nil)

// New returns a client that lc starts and stops: the start logs in with creds,
// the stop forgets the token and closes the client's connections.
//
// New expects a valid config. It opens no connection.
func New(lc fx.Lifecycle, cfg Config, creds *Credentials) *Client {
	c := &Client{
		base:        strings.TrimRight(cfg.URL, "/"),
		credentials: creds,
		http: &http.Client{
			Timeout:   cfg.Timeout,
			Transport: http.DefaultTransport.(*http.Transport).Clone(),
			// A redirect would hand the password or the token to another place.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	lc.Append(fx.StartStopHook(c.logIn, c.logOut))
	return c
}

// Months gives the months that have flights, as "2001-01", in order.
func (c *Client) Months(ctx context.Context) ([]string, error) {
	var answer struct {
		Months []string `json:"months"`
	}
	if err := c.get(ctx, "/months", &answer); err != nil {
		return nil, fmt.Errorf("listing the carrier's months: %w", err)
	}
	return answer.Months, nil
}

// Flights gives all flights of a month, given as "2001-01", page by page. It
// asks for a page when the one before is done with, and each time it is ranged
// over from the first. A month without flights gives none, and no error.
func (c *Client) Flights(ctx context.Context, month string) iter.Seq2[[]delays.Flight, error] {
	return func(yield func([]delays.Flight, error) bool) {
		for page := 1; page != 0; {
			flights, next, err := c.page(ctx, month, page)
			if err != nil {
				yield(nil, fmt.Errorf("fetching the flights of %s, page %d: %w", month, page, err))
				return
			}
			if !yield(flights, nil) {
				return
			}
			page = next
		}
	}
}

// page fetches one page, and says which is the next: 0 after the last.
func (c *Client) page(ctx context.Context, month string, page int) (flights []delays.Flight, next int, err error) {
	var answer struct {
		Flights  []delays.Flight `json:"flights"`
		NextPage int             `json:"next_page"`
	}
	query := url.Values{"month": {month}, "page": {strconv.Itoa(page)}}
	if err := c.get(ctx, "/flights?"+query.Encode(), &answer); err != nil {
		return nil, 0, err
	}
	if answer.NextPage != 0 && answer.NextPage <= page {
		return nil, 0, fmt.Errorf("the API goes back to page %d", answer.NextPage)
	}
	return answer.Flights, answer.NextPage, nil
}

func (c *Client) logIn(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{
		"user":     c.credentials.User,
		"password": c.credentials.Password.Reveal(),
	})
	if err != nil {
		return fmt.Errorf("logging in to the carrier's API: %w", err)
	}
	var answer struct {
		Token string `json:"token"`
	}
	err = c.do(ctx, http.MethodPost, "/token", "", body, &answer)
	if err == nil && answer.Token == "" {
		err = errors.New("the API gave no token")
	}
	if err != nil {
		// No stop follows a start that did not succeed.
		c.http.CloseIdleConnections()
		return fmt.Errorf("logging in to the carrier's API: %w", err)
	}
	c.token.Store(&answer.Token)
	return nil
}

func (c *Client) logOut() {
	c.token.Store(nil)
	c.http.CloseIdleConnections()
}

// get asks with the token.
func (c *Client) get(ctx context.Context, path string, answer any) error {
	token := c.token.Load()
	if token == nil {
		return ErrNotStarted
	}
	return c.do(ctx, http.MethodGet, path, *token, nil, answer)
}

// do sends one request and reads the JSON answer.
func (c *Client) do(ctx context.Context, method, path, token string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if len(text) > maxAnswer {
		return fmt.Errorf("reading the answer: it is larger than %d bytes", maxAnswer)
	}
	if response.StatusCode != http.StatusOK {
		var refusal struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(text, &refusal) // a refusal in another form has no message
		return &StatusError{Status: response.StatusCode, Message: refusal.Error}
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return nil
}
