package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server/api"
)

// Config says which server to call.
type Config struct {
	// URL is the address of the server, with its prefix: "https://data.example/fxrun".
	// Required.
	URL string
	// Token is what the server asks for, or "". It is sent in a header.
	Token string
	// Transport sends the requests. The default is one of the client's own, which takes
	// proxies from the environment.
	Transport http.RoundTripper
}

// Client calls a server. It must be closed. It is safe for concurrent use.
type Client struct {
	base, token string
	http        *http.Client
}

// answerTime is how long a server may take to begin an answer. A health check and the
// preview of a tick start resources.
const answerTime = 2 * time.Minute

// New returns a client. It sends nothing yet. The error says what is wrong with the URL.
func New(config Config) (*Client, error) {
	address, err := url.Parse(config.URL)
	switch {
	case err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https":
		return nil, fmt.Errorf("the URL %q of the server must begin with http:// or https:// and have a host", shownURL(config.URL))
	case address.User != nil:
		return nil, errors.New("the URL of the server must have no user and no password: give the token apart")
	case address.RawQuery != "" || address.Fragment != "":
		return nil, fmt.Errorf("the URL %q of the server must end with its path", shownURL(config.URL))
	}
	transport := config.Transport
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.ResponseHeaderTimeout = answerTime
		transport = own
	}
	return &Client{
		base: strings.TrimSuffix(address.String(), "/") + api.Path, token: config.Token,
		http: &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
			return fmt.Errorf("the server sends to %s: give the URL of the server as it is there", next.URL.Redacted())
		}},
	}, nil
}

// shownURL leaves out what may be a secret.
func shownURL(text string) string {
	_, after, found := strings.Cut(text, "@")
	if found {
		return "...@" + after
	}
	text, _, _ = strings.Cut(text, "?")
	return text
}

// Close closes the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Launch launches a run, or queues it.
func (c *Client) Launch(ctx context.Context, request api.LaunchRequest) (launched api.Launched, err error) {
	err = c.post(ctx, "/runs", request, &launched)
	return launched, err
}

// CheckLaunch says what a launch would do, and what is wrong with it. The faults are in the
// result. There is an error if nothing that the request names exists.
func (c *Client) CheckLaunch(ctx context.Context, request api.LaunchRequest) (launch inspect.Launch, err error) {
	err = c.post(ctx, "/launch-checks", request, &launch)
	return launch, err
}

// Retry launches a run that repeats another one. id is the whole ID of that run.
func (c *Client) Retry(ctx context.Context, id string, request api.RetryRequest) (launched api.Launched, err error) {
	err = c.post(ctx, "/runs/"+url.PathEscape(id)+"/retry", request, &launched)
	return launched, err
}

// Cancel asks a run to stop, and does not wait for its end. id is the whole ID of the run.
func (c *Client) Cancel(ctx context.Context, id string, request api.CancelRequest) (run inspect.RunDetail, err error) {
	err = c.post(ctx, "/runs/"+url.PathEscape(id)+"/cancel", request, &run)
	return run, err
}

// Run returns a run by its ID or the beginning of its ID.
func (c *Client) Run(ctx context.Context, id string) (run inspect.RunDetail, err error) {
	err = c.get(ctx, "/runs/"+url.PathEscape(id), nil, &run)
	return run, err
}

// Definitions returns all definitions of the server's program.
func (c *Client) Definitions(ctx context.Context) (all api.Definitions, err error) {
	err = c.get(ctx, "/definitions", nil, &all)
	return all, err
}

// Assets returns the assets that a selection names, each with its last materialization. ""
// selects all.
func (c *Client) Assets(ctx context.Context, selection string) (list []inspect.Asset, err error) {
	values := url.Values{}
	if selection != "" {
		values.Set("select", selection)
	}
	err = c.get(ctx, "/assets", values, &list)
	return list, err
}

// Jobs returns the jobs.
func (c *Client) Jobs(ctx context.Context) (list []inspect.Job, err error) {
	err = c.get(ctx, "/jobs", nil, &list)
	return list, err
}

// Resources returns the resources, with the config that a launch without config gives them.
func (c *Client) Resources(ctx context.Context) (list []inspect.UsedResource, err error) {
	err = c.get(ctx, "/resources", nil, &list)
	return list, err
}

func (c *Client) get(ctx context.Context, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.call(ctx, http.MethodGet, path, nil, into)
}

func (c *Client) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("calling the server: %w", err)
	}
	return c.call(ctx, http.MethodPost, path, text, into)
}

func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) error {
	answer, err := c.send(ctx, method, path, body, nil)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the answer of the server to %s %s: %w", method, path, err)
	}
	return nil
}

// send sends a request and returns an answer that is no error. The caller closes its body.
func (c *Client) send(ctx context.Context, method, path string, body []byte, header http.Header) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("calling the server: %w", err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("calling the server: %w", err)
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode < 300 && (kind == "application/json" || kind == "text/event-stream") {
		return answer, nil
	}
	defer func() { _ = answer.Body.Close() }()
	var problem api.Problem
	if kind != api.ProblemType || json.NewDecoder(io.LimitReader(answer.Body, largestProblem)).Decode(&problem) != nil {
		return nil, fmt.Errorf("calling the server: %s answers %s as %s, so it is no server of fxrun, or something between changes its answers",
			request.URL.Redacted(), answer.Status, cmp.Or(kind, "nothing"))
	}
	return nil, &Error{problem}
}

// largestProblem is the largest answer about an error that is read, in bytes.
const largestProblem = 16 << 20
