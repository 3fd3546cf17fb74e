package httpclient

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/fxrun/fxrun/container"
)

// ErrTooLarge matches the error of a response body larger than
// [Config].MaxResponseBytes.
var ErrTooLarge = errors.New("larger than allowed")

// StatusError is the error of a response whose status isn't 2xx, after the
// last attempt. Match it with errors.As.
type StatusError struct {
	// Method and URL say what was asked for. The URL has no user and no query.
	Method, URL string
	// StatusCode is the HTTP status, such as 404.
	StatusCode int
	// Body is the beginning of the response's body on one line: at most 200
	// printable characters, with what the Authorization header held masked, also
	// in JSON, URLs and base64. It may be empty.
	Body string
	// RetryAfter is how long the server asked to wait, or zero.
	RetryAfter time.Duration
}

// Error gives method, URL, status and body on one line.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s %s: %s", e.Method, e.URL, showStatus(e.StatusCode))
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// statusError reads and closes the body.
func (c *Client) statusError(req *http.Request, resp *http.Response) *StatusError {
	defer func() { _ = resp.Body.Close() }()
	// A body that can't be read only makes the excerpt shorter.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	wait, _ := retryAfter(resp)
	return &StatusError{
		Method:     req.Method,
		URL:        showURL(req.URL),
		StatusCode: resp.StatusCode,
		Body:       excerpt(string(body), sentSecrets(req)),
		RetryAfter: wait,
	}
}

const (
	maxErrorBody = 64 << 10 // bytes, enough to reuse most connections
	maxExcerpt   = 200      // characters
)

// excerpt makes one printable line of the start of a body. Secrets are masked
// before anything is cut, so that no half of one remains.
func excerpt(body string, secrets []string) string {
	body = container.NewMasker(secrets...).Mask(body)
	for _, secret := range secrets { // short ones too: the server has been sent them
		if secret != "" {
			body = strings.ReplaceAll(body, secret, container.Masked)
		}
	}
	line := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(body, " "))
	runes := []rune(strings.Join(strings.Fields(line), " "))
	if len(runes) > maxExcerpt {
		return string(runes[:maxExcerpt-1]) + "…"
	}
	return string(runes)
}

// sentToken is what the Authorization header held, without its scheme.
func sentToken(req *http.Request) string {
	_, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	return token
}

// sentSecrets are what the Authorization header held: of a basic authorization the
// password too.
func sentSecrets(req *http.Request) []string {
	secrets := []string{sentToken(req)}
	if _, password, ok := req.BasicAuth(); ok {
		secrets = append(secrets, password)
	}
	return secrets
}

func showStatus(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// showURL leaves out what may be secret: the user and the query.
func showURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// withoutURL takes net/http's and net/url's errors out of the wrapper that
// quotes the whole URL.
func withoutURL(err error) error {
	var wrapper *url.Error
	if errors.As(err, &wrapper) {
		return wrapper.Err
	}
	return err
}
