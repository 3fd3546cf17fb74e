package httpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// NewRequest returns a request for a path below the base URL, to be sent by
// [Client.Do] or [Client.DoJSON]. Parts of path that come from data go through
// [url.PathEscape] first. A path that would leave the base URL ("..", another
// host) and one with a query or a fragment of its own are refused.
//
// A body that net/http can rewind (*bytes.Reader, *bytes.Buffer,
// *strings.Reader) can be sent again on a retry; any other is sent once. query
// and body may be nil.
func (c *Client) NewRequest(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Request, error) {
	target, err := c.resolve(path)
	if err != nil {
		return nil, fmt.Errorf("making a %s request for %q: %w", method, pathOnly(path), err)
	}
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, fmt.Errorf("making a %s request for %q: %w", method, path, withoutURL(err))
	}
	return req, nil
}

func (c *Client) resolve(path string) (*url.URL, error) {
	if strings.ContainsAny(path, "?#") {
		return nil, errors.New("the path holds a query or a fragment: pass the query apart, and escape what comes from data")
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	// Joining would resolve these, and hide that the base was left.
	if slices.ContainsFunc(strings.Split(plain, "/"), isDots) {
		return nil, errors.New("the path has . or .. in it")
	}
	if strings.Contains(plain, "://") || strings.HasPrefix(plain, "//") {
		return nil, errors.New("the path names another host")
	}
	return c.base.JoinPath(path), nil
}

func isDots(segment string) bool { return segment == "." || segment == ".." }

// pathOnly is what of a refused path an error may show.
func pathOnly(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		return path[:i]
	}
	return path
}
