package httpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/time/rate"
)

// attempts is one request on its way: how often it was sent, what became of
// the last attempt, and how long to wait for the next.
type attempts struct {
	cfg  Config
	http *http.Client
	pace *rate.Limiter // nil without a limit

	count int
	wait  time.Duration
	last  error // why there was, or will be, another attempt
}

// send sends the request until read accepts a response, or no further attempt
// makes sense. A response that comes without an error has an open body.
func (a *attempts) send(req *http.Request, read func(*http.Response) error) (*http.Response, error) {
	rewindable, err := rewindable(req)
	if err != nil {
		return nil, err
	}
	rewindable.SetResponseHandler(read)
	if err := a.keepPace(req.Context()); err != nil {
		closeBody(req)
		return nil, err
	}
	client := retryablehttp.Client{
		HTTPClient:     a.http,
		RetryMax:       a.maxRetries(req),
		RequestLogHook: func(_ retryablehttp.Logger, _ *http.Request, i int) { a.count = i + 1 },
		CheckRetry:     a.check,
		PrepareRetry:   func(req *http.Request) error { return a.keepPace(req.Context()) },
		Backoff:        func(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return a.wait },
		ErrorHandler:   retryablehttp.PassthroughErrorHandler,
	}
	resp, err := client.Do(rewindable)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return nil, a.explain(withoutURL(err))
	}
	return resp, nil
}

// keepPace waits until the next request may be sent. It isn't done in a
// transport, where the wait would count for the attempt's timeout.
func (a *attempts) keepPace(ctx context.Context) error {
	if a.pace == nil {
		return nil
	}
	err := a.pace.Wait(ctx)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = ctx.Err()
	default: // a wait that would outlast the deadline isn't begun
		err = context.DeadlineExceeded
	}
	return fmt.Errorf("waiting for the limit of %v requests a second: %w", a.cfg.RequestsPerSecond, err)
}

func (a *attempts) maxRetries(req *http.Request) int {
	once := req.Body != nil && req.Body != http.NoBody && req.GetBody == nil
	if once || !isIdempotent(req) {
		return 0
	}
	return max(a.cfg.MaxRetries, 0)
}

// isIdempotent is net/http's own rule for sending again on a new connection,
// and the two methods that HTTP defines as idempotent but net/http leaves out.
func isIdempotent(req *http.Request) bool {
	methods := []string{"", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete}
	return slices.Contains(methods, req.Method) ||
		req.Header.Get("Idempotency-Key") != "" || req.Header.Get("X-Idempotency-Key") != ""
}

// rewindable gives the library net/http's way to read a body again. The
// library's own, FromRequest, would read it into memory.
func rewindable(req *http.Request) (*retryablehttp.Request, error) {
	again := &retryablehttp.Request{Request: req}
	getBody, body, length := req.GetBody, req.Body, req.ContentLength
	if getBody == nil || body == nil || body == http.NoBody {
		return again, nil
	}
	err := again.SetBody(retryablehttp.ReaderFunc(func() (io.Reader, error) { return getBody() }))
	if err != nil {
		return nil, fmt.Errorf("rewinding the body: %w", err)
	}
	again.ContentLength = length // SetBody can't know it
	return again, body.Close()
}

// check decides whether there is another attempt, and how long to wait for it.
func (a *attempts) check(ctx context.Context, resp *http.Response, err error) (bool, error) {
	again, stop := retryablehttp.DefaultRetryPolicy(ctx, resp, err)
	if !again || stop != nil || errors.Is(err, ErrTooLarge) {
		return false, stop
	}
	a.wait = a.backoff()
	if asked, ok := retryAfter(resp); ok {
		if asked > a.cfg.RetryMaxWait {
			return false, nil
		}
		a.wait = max(asked, a.wait)
	}
	// A wait in vain would hide the server's answer behind a context error.
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < a.wait {
		return false, nil
	}
	a.last = err
	if err == nil {
		a.last = errors.New(showStatus(resp.StatusCode))
	}
	return true, nil
}

// backoff doubles with each attempt, and is shortened by chance so that many
// clients of a server that failed don't come back at once.
func (a *attempts) backoff() time.Duration {
	wait := retryablehttp.DefaultBackoff(a.cfg.RetryMinWait, a.cfg.RetryMaxWait, a.count-1, nil)
	return wait - rand.N(wait/2+1)
}

// retryAfter reads the header that says when to come back, as seconds or as a
// date.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 63); err == nil {
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second, true
	}
	if date, err := http.ParseTime(text); err == nil {
		return max(time.Until(date), 0), true
	}
	return 0, false
}

// explain adds what the attempts before the last one met: a context that ends
// during a wait says nothing about the server.
func (a *attempts) explain(err error) error {
	if a.last == nil {
		return err
	}
	if ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded); ended {
		return fmt.Errorf("attempt %d: %w; before that: %w", a.count, err, withoutURL(a.last))
	}
	return fmt.Errorf("attempt %d: %w", a.count, err)
}
