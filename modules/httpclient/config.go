package httpclient

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fxrun/fxrun/container"
)

// Config says which API is called, and sets the limits of time, retries and size.
type Config struct {
	// BaseURL is the address of the API: the scheme, the host, and the path that
	// all requests share, if there is one ("https://api.example/v1"). It has no
	// user, query or fragment.
	BaseURL string `json:"base_url" split_words:"true" required:"true" desc:"where the API is, such as https://api.example/v1"`
	// Token is a bearer token sent from the first request on. Empty means none,
	// or one that comes later by [Client.SetBearer] or [Client.UseTokens].
	Token container.Secret[string] `json:"token" desc:"bearer token, if the API takes a fixed one"`
	// RenewBefore is the time before its end at which a token of
	// [Client.UseTokens] is renewed. Zero means a minute. With a negative duration
	// a token is not renewed before it has expired.
	RenewBefore time.Duration `json:"renew_before" split_words:"true" default:"1m" desc:"renew a login's token this long before it expires; -1s for not before"`
	// RequestsPerSecond is how many requests are sent in a second, on average,
	// retries included and redirects not; it may be a fraction. Requests beyond
	// it wait, in turn, outside of the Timeout. Zero means no limit.
	RequestsPerSecond float64 `json:"requests_per_second" split_words:"true" desc:"requests a second at most; 0 for no limit"`
	// Burst is how many requests may be sent at once after a quiet time, within
	// RequestsPerSecond. Zero means 1.
	Burst int `json:"burst" default:"1" desc:"requests that may go out at once, within requests_per_second"`
	// Timeout limits the time of one attempt, from connecting to the last byte of
	// the response. Zero means 30 seconds, and a negative duration means no limit.
	// The context of the request limits the time of all attempts together.
	Timeout time.Duration `json:"timeout" default:"30s" desc:"bound of one attempt; -1s for none"`
	// MaxRetries is how often a request is sent again. Zero means 3, a
	// negative number never.
	MaxRetries int `json:"max_retries" split_words:"true" default:"3" desc:"attempts after the first; -1 for none"`
	// RetryMinWait is the wait before the first retry; each further wait is
	// twice as long, and all are shortened by chance, to no less than half.
	// Zero means 500 milliseconds.
	RetryMinWait time.Duration `json:"retry_min_wait" split_words:"true" default:"500ms" desc:"wait before the first retry; doubles each time"`
	// RetryMaxWait is the longest wait. If a server asks for a longer wait (with
	// Retry-After), the request is not sent again. Zero means 30 seconds.
	RetryMaxWait time.Duration `json:"retry_max_wait" split_words:"true" default:"30s" desc:"longest wait before a retry"`
	// MaxResponseBytes limits the size of one response body, after decompression.
	// Zero means 64 MiB, and a negative number means no limit.
	MaxResponseBytes int64 `json:"max_response_bytes" split_words:"true" default:"67108864" desc:"largest response body; -1 for no bound"`
}

const (
	defaultRenewBefore      = time.Minute
	defaultBurst            = 1
	defaultTimeout          = 30 * time.Second
	defaultMaxRetries       = 3
	defaultRetryMinWait     = 500 * time.Millisecond
	defaultRetryMaxWait     = 30 * time.Second
	defaultMaxResponseBytes = 64 << 20
)

// Validate reports everything that is wrong with the config.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	if _, err := parseBase(c.BaseURL); err != nil {
		faults = append(faults, err)
	}
	if !(c.RequestsPerSecond >= 0) || math.IsInf(c.RequestsPerSecond, 1) { // also not a number
		faults = append(faults, fmt.Errorf("requests_per_second: %v is not a number of requests: it must be 0 or more", c.RequestsPerSecond))
	}
	if c.Burst < 0 {
		faults = append(faults, fmt.Errorf("burst: %d is negative", c.Burst))
	}
	if c.RetryMinWait < 0 {
		faults = append(faults, fmt.Errorf("retry_min_wait: %v is negative", c.RetryMinWait))
	}
	if c.RetryMaxWait < c.RetryMinWait {
		faults = append(faults, fmt.Errorf("retry_max_wait: %v is less than retry_min_wait, %v", c.RetryMaxWait, c.RetryMinWait))
	}
	return errors.Join(faults...)
}

// withDefaults is for programs that make the struct in code. The default tags have
// the same values, for code that fills or describes the struct.
func (c Config) withDefaults() Config {
	if c.RenewBefore == 0 {
		c.RenewBefore = defaultRenewBefore
	}
	if c.Burst == 0 {
		c.Burst = defaultBurst
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxRetries == 0 {
		c.MaxRetries = defaultMaxRetries
	}
	if c.RetryMinWait == 0 {
		c.RetryMinWait = defaultRetryMinWait
	}
	if c.RetryMaxWait == 0 {
		c.RetryMaxWait = max(defaultRetryMaxWait, c.RetryMinWait)
	}
	if c.MaxResponseBytes == 0 {
		c.MaxResponseBytes = defaultMaxResponseBytes
	}
	return c
}
