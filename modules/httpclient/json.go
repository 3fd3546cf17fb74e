package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// GetJSON gets a path below the base URL and decodes the response into dst, a
// pointer. If dst is nil, the response is read and not used. query may be nil. The
// path, the retries and the errors are those of [Client.NewRequest] and
// [Client.Do]. In addition, a response without its end counts as a failed attempt.
func (c *Client) GetJSON(ctx context.Context, path string, query url.Values, dst any) error {
	req, err := c.NewRequest(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	return c.DoJSON(req, dst)
}

// PostJSON posts body as JSON to a path below the base URL and decodes the
// response into dst, a pointer. If dst is nil, the response is read and not used.
// A POST is not retried. If it may be retried, use [Client.Do].
func (c *Client) PostJSON(ctx context.Context, path string, body, dst any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("making a POST request for %q: %w", pathOnly(path), err)
	}
	req, err := c.NewRequest(ctx, http.MethodPost, path, nil, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return c.DoJSON(req, dst)
}

// DoJSON is like [Client.Do], but it reads the whole response, up to
// MaxResponseBytes, and decodes it into dst, a pointer. If dst is nil, the response
// is read and not used. A response that is not one JSON value of the type of dst is
// an error, and the request is not sent again.
func (c *Client) DoJSON(req *http.Request, dst any) error {
	if req.Header.Get("Accept") == "" {
		req = req.Clone(req.Context())
		req.Header.Set("Accept", "application/json")
	}
	var body []byte
	resp, err := c.send(req, func(resp *http.Response) (err error) {
		body, err = io.ReadAll(c.limit(resp.Body))
		return err
	})
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("%s %s: closing the response: %w", req.Method, showURL(req.URL), err)
	}
	if dst == nil {
		return nil
	}
	if err := json.Unmarshal(body, dst); err != nil {
		return fmt.Errorf("%s %s: decoding the response: %w", req.Method, showURL(req.URL), err)
	}
	return nil
}
