package httpclient

import (
	"fmt"
	"io"
	"net/http"
)

// Do sends the request, with the bearer token if it goes to the API's origin,
// and returns a response whose status is 2xx. The caller closes its body;
// reading more than MaxResponseBytes of it gives [ErrTooLarge]. Any other
// status is a [*StatusError].
//
// A failed attempt is repeated if that can do no harm and may help. So the method
// must be idempotent (GET, HEAD, OPTIONS, TRACE, PUT, DELETE, or any method with an
// Idempotency-Key header), and the connection failed, or the status is 429 or 5xx,
// except 501. The wait between attempts grows as [Config] says, and follows the
// Retry-After of the server. It ends with the context of the request. If a wait
// would end after the deadline of the context, it does not begin. The limit of
// requests in a second counts all attempts of all requests together. If the API
// refused the token of a request, the request is sent once more; see
// [Client.UseTokens].
//
// An error begins with the method and the URL without user and query. It contains
// no token, even if the response of the server repeats the token. errors.Is finds
// the error of the context. req itself is not changed.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	return c.send(req, func(resp *http.Response) error {
		resp.Body = c.limit(resp.Body)
		return nil
	})
}

// send calls read with the first 2xx response; an error of it counts as a
// failed attempt.
func (c *Client) send(req *http.Request, read func(*http.Response) error) (*http.Response, error) {
	req = req.Clone(req.Context())
	if req.Header == nil {
		req.Header = http.Header{}
	}
	tokens := c.tokensFor(req)
	if err := c.authorize(req); err != nil {
		closeBody(req)
		return nil, fmt.Errorf("%s %s: %w", req.Method, showURL(req.URL), err)
	}
	resp, err := c.attempt(req, read)
	if err == nil && resp.StatusCode == http.StatusUnauthorized && tokens != nil {
		req, resp, err = c.sendAgain(req, resp, tokens, read)
	}
	if err != nil {
		return nil, err
	}
	if !isSuccess(resp) {
		return nil, c.statusError(req, resp)
	}
	return resp, nil
}

func (c *Client) attempt(req *http.Request, read func(*http.Response) error) (*http.Response, error) {
	attempts := attempts{cfg: c.cfg, http: c.http, pace: c.pace}
	resp, err := attempts.send(req, func(resp *http.Response) error {
		if !isSuccess(resp) {
			return nil
		}
		return read(resp)
	})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, showURL(req.URL), err)
	}
	return resp, nil
}

// sendAgain sends a request whose token was refused once more, with a new one.
// Whatever its method is: the API hasn't acted on it.
func (c *Client) sendAgain(
	req *http.Request, refusal *http.Response, tokens *tokens, read func(*http.Response) error,
) (*http.Request, *http.Response, error) {
	token, err := tokens.refused(req.Context(), sentToken(req))
	if err != nil {
		return nil, nil, fmt.Errorf("%w; renewing the token: %w", c.statusError(req, refusal), err)
	}
	again := req.Clone(req.Context()) // net/http may still write the body of req
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return req, refusal, nil
		}
		if again.Body, err = req.GetBody(); err != nil {
			return nil, nil, fmt.Errorf("%w; rewinding the body: %w", c.statusError(req, refusal), err)
		}
	}
	_, _ = io.CopyN(io.Discard, refusal.Body, maxErrorBody) // so that the connection can be used again
	_ = refusal.Body.Close()
	setBearer(again, token)
	resp, err := c.attempt(again, read)
	return again, resp, err
}

// closeBody does what net/http does with the body of a request that isn't sent.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

func isSuccess(resp *http.Response) bool { return resp.StatusCode/100 == 2 }

// limit makes a body fail once it has given more than MaxResponseBytes.
func (c *Client) limit(body io.ReadCloser) io.ReadCloser {
	if c.cfg.MaxResponseBytes < 0 {
		return body
	}
	return &limitedBody{ReadCloser: body, limit: c.cfg.MaxResponseBytes, left: c.cfg.MaxResponseBytes}
}

type limitedBody struct {
	io.ReadCloser
	limit, left int64
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.tooLarge()
	}
	// One byte more than is allowed tells a body that fits from one that doesn't.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, b.tooLarge()
	}
	return n, err
}

func (b *limitedBody) tooLarge() error {
	return fmt.Errorf("reading the response: %w (%d bytes)", ErrTooLarge, b.limit)
}
