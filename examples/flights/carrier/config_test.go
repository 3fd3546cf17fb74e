package carrier_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kelseyhightower/envconfig"

	"github.com/fxrun/fxrun/examples/flights/carrier"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config carrier.Config
		want   string // empty for a valid config
	}{
		{"http is fine", carrier.Config{URL: "http://127.0.0.1:80"}, ""},
		{"https with a path is fine", carrier.Config{URL: "https://api.example/v1/"}, ""},
		{"another scheme is not", carrier.Config{URL: "ftp://x"}, `url "ftp://x" is not like http://host`},
		{"no scheme is not", carrier.Config{URL: "localhost"}, `url "localhost" is not like http://host`},
		{"an empty URL is not", carrier.Config{}, `url "" is not like http://host`},
		{"a query is not", carrier.Config{URL: "http://x?token=hidden"}, "url has a query or a fragment"},
		{"a query after another scheme is not told", carrier.Config{URL: "ftp://x?token=hidden"}, "url has a query or a fragment"},
		{"a user is not", carrier.Config{URL: "http://u:hidden@x"}, "url holds a user: give it to the credentials"},
		{"an unreadable URL is not", carrier.Config{URL: "http://u:hidden@x:y"}, "url is not a URL"},
		{"a negative timeout is not", carrier.Config{URL: "http://x", Timeout: -time.Second}, "timeout -1s is negative"},
		{"all faults are told", carrier.Config{Timeout: -1}, "url \"\" is not like http://host\ntimeout -1ns is negative"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := test.config.Validate(); err != nil {
				got = err.Error()
			}
			if got != test.want || strings.Contains(got, "hidden") {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestTheDefaultsAreTheDemo(t *testing.T) {
	t.Setenv("FLIGHTS_URL", "http://127.0.0.1:1")
	var creds carrier.CredentialsConfig
	var config carrier.Config
	if err := envconfig.Process("flights", &creds); err != nil {
		t.Fatal(err)
	}
	if err := envconfig.Process("flights", &config); err != nil {
		t.Fatal(err)
	}
	if creds.User != "demo" || creds.Password.Reveal() != "demo-password" {
		t.Errorf("the credentials are %q and %q", creds.User, creds.Password.Reveal())
	}
	if want := (carrier.Config{URL: "http://127.0.0.1:1", Timeout: 30 * time.Second}); config != want {
		t.Errorf("the config is %+v", config)
	}
}
