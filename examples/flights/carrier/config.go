package carrier

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config configures a [Client].
type Config struct {
	// URL is where the API is, such as "http://127.0.0.1:8080".
	URL string `required:"true" desc:"Base URL of the airline's API"`

	// Timeout bounds each request, the reading of its answer included.
	Timeout time.Duration `default:"30s" desc:"Longest time for one request"`
}

// Validate says what is wrong with the config, nil if nothing is. It tells
// neither the URL's user nor its password.
func (c Config) Validate() error {
	var errs []error
	base, err := url.Parse(c.URL)
	switch {
	case err != nil:
		errs = append(errs, errors.New("url is not a URL")) // err quotes the URL
	case base.User != nil:
		errs = append(errs, errors.New("url holds a user: give it to the credentials"))
	case base.RawQuery != "" || base.Fragment != "":
		errs = append(errs, errors.New("url has a query or a fragment"))
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		errs = append(errs, fmt.Errorf("url %q is not like http://host", c.URL))
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("timeout %v is negative", c.Timeout))
	}
	return errors.Join(errs...)
}
