package config_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/config"
)

func TestAMaskerFindsASecretInEveryFormThatQuotesIt(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{
		"hunter2", "12345", `a"b\c'd`, "p@ss/w+rd=&?", "<script>&", "päßword", "with space and\ttab", "\xff\xfe\x00\x01\x02", "line one is long\nline two is long\n", "%2Fabc%2f", "=====", "日本語です",
	} {
		masker := config.NewMasker(secret)
		written, _ := json.Marshal(secret)
		for name, text := range map[string]string{
			"as it is":           secret,
			"quoted":             fmt.Sprintf("%q", secret),
			"quoted in ASCII":    fmt.Sprintf("%+q", secret),
			"quoted twice":       fmt.Sprintf("%q", fmt.Sprintf("no %q", secret)),
			"JSON":               string(written),
			"a query":            url.Values{"key": {secret}}.Encode(),
			"a path":             "/x/" + url.PathEscape(secret),
			"a URL":              (&url.URL{Scheme: "https", Host: "host", User: url.UserPassword("me", secret)}).String(),
			"lower-case escapes": strings.ToLower(url.QueryEscape(secret)),
			"base64":             base64.StdEncoding.EncodeToString([]byte(secret)),
			"base64 for URLs":    base64.RawURLEncoding.EncodeToString([]byte(secret)),
			"hex":                fmt.Sprintf("%x", secret),
			"HEX":                fmt.Sprintf("%X", secret),
			"numbers":            fmt.Sprintf("%d", []byte(secret)),
			"HTML":               html.EscapeString(secret),
		} {
			if name == "JSON" && strings.Contains(string(written), `\ufffd`) || name == "lower-case escapes" && strings.ToLower(secret) != secret {
				continue // it does not hold the secret
			}
			if got := masker.Mask("<" + text + ">"); strings.Contains(got, text) || !strings.Contains(got, config.Masked) {
				t.Errorf("%q %s is shown: %s", secret, name, got)
			}
		}
		if got, want := masker.Mask("a "+secret+" b "+secret), "a ****** b ******"; got != want {
			t.Errorf("%q: got %q, want %q", secret, got, want)
		}
	}
}

func TestAMaskerFindsThePasswordOfABasicAuthorization(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"", "a", "me", "you", "them", "aYa"} {
		for _, after := range []string{"", "x", "xy"} {
			masker := config.NewMasker("opensesame")
			text := base64.StdEncoding.EncodeToString([]byte(user + ":opensesame" + after))
			got := masker.Mask("Basic " + text)
			if left := len(got) - len("Basic ******"); !strings.Contains(got, config.Masked) || left > len(text)-10 {
				t.Errorf("%q, %q: %s of %s", user, after, got, text)
			}
		}
	}
}

func TestAMaskerLeavesOtherTextAlone(t *testing.T) {
	t.Parallel()
	var none *config.Masker
	if got := none.Mask("hunter2"); got != "hunter2" {
		t.Error(got)
	}
	for _, secrets := range [][]string{nil, {""}, {"a", "abcd", "1234"}, {"******"}, {" a \n b "}} {
		if masker := config.NewMasker(secrets...); masker.Mask("a abcd 1234 ****** a b") != "a abcd 1234 ****** a b" {
			t.Errorf("%q is masked", secrets)
		}
	}
	masker := config.NewMasker("secret", "secret-long")
	if got := masker.Mask("secret-long secret secre"); got != "****** ****** secre" {
		t.Error(got)
	}
}

func TestTheSecretTextsOfAConfig(t *testing.T) {
	t.Parallel()
	type all struct {
		Text    config.Secret[string]
		Number  config.Secret[int]
		PEM     config.Secret[pem]
		Keys    config.Secret[keys]
		Pair    *config.Secret[*keys]
		List    []config.Secret[string]
		Map     map[string]config.Secret[string]
		Entries config.Secret[map[string]any]
		Hidden  config.Secret[set]
		Link    config.Secret[*url.URL]
		DSN     config.Secret[string]
		MySQL   config.Secret[string]
		Pairs   config.Secret[string]
		URL     *url.URL
		Value   url.URL
		Address string
		Plain   string
		Inner   struct{ Deep config.Secret[string] }
		Empty   *config.Secret[string]
		Many    []struct{ Key config.Secret[string] }
	}
	link := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	pair := config.NewSecret(&keys{"pair one", "pair two"})
	value := all{
		Text: config.NewSecret("the text"), Number: config.NewSecret(4711008), PEM: config.NewSecret(pem("the pem")), Keys: config.NewSecret(keys{"key one", "key two"}), Pair: &pair,
		List: []config.Secret[string]{config.NewSecret("the item")}, Map: map[string]config.Secret[string]{"k": config.NewSecret("the entry")},
		Entries: config.NewSecret(map[string]any{"a": []any{"the leaf"}}), Hidden: config.NewSecret(set{"the hidden"}), Link: config.NewSecret(link("https://me:the-link@host")),
		DSN: config.NewSecret("postgres://me:the%2Fdsn@host/db"), MySQL: config.NewSecret("me:the@mysql@tcp(host)/db"), Pairs: config.NewSecret(`host=db user= password='the\'pairs' x=y`),
		URL: link("https://me:the-url@host"), Value: *link("https://me:the-value@host"), Address: "postgres://me:the-address@host", Plain: "the plain",
		Many: []struct{ Key config.Secret[string] }{{config.NewSecret("the many")}},
	}
	value.Inner.Deep = config.NewSecret("the deep")
	d := definition(t, value)
	resolved, _, faults := launched(t, d, nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	masker := config.NewMasker(d.SecretTexts(resolved)...)
	for _, secret := range []string{
		"the text", "4711008", "the pem", "key one", "key two", "pair one", "pair two", "the item", "the entry", "the leaf", "the hidden", "the-link", "https://me:the-link@host",
		"postgres://me:the%2Fdsn@host/db", "the%2Fdsn", "the/dsn", "the@mysql", "the'pairs", `password='the\'pairs'`, "the-url", "the-value", "the-address", "the deep", "the many",
	} {
		if got := masker.Mask("<" + secret + ">"); got != "<"+config.Masked+">" {
			t.Errorf("%q is shown as %q", secret, got)
		}
	}
	for _, open := range []string{"the plain", "me", "host", "host=db", "user=", "x=y", "tcp(host)/db"} {
		if got := masker.Mask("<" + open + ">"); got != "<"+open+">" {
			t.Errorf("%q is shown as %q", open, got)
		}
	}
}

func TestAShortPasswordIsMaskedWhereItsNameStands(t *testing.T) {
	t.Parallel()
	for dsn, text := range map[string]string{
		"host=db user= password=x":          "cannot log in with user=password=x",
		"host=db password = 'y z' port=1":   "in `host=db password = 'y z'`",
		"postgres://me:x@host/db":           "parse postgres://me:x@host:1",
		"me:x@tcp(host)/db":                 "no server at me:x@",
		"https://host/?token=x":             "GET /?token=x",
		"Server=db;User Id=sa;Pwd=x;":       "Pwd=x",
		"sqlserver://sa:x@[foo].bar:1/?a=b": `parse "sqlserver://sa:x@[foo].bar"`,
	} {
		got := config.NewMasker(dsn).Mask(text)
		if !strings.Contains(got, config.Masked) || strings.Contains(got, "=x") || strings.Contains(got, ":x@") || strings.Contains(got, "y z") {
			t.Errorf("%s: %s", dsn, got)
		}
	}
}

func BenchmarkMask(b *testing.B) {
	masker := config.NewMasker("hunter2hunter2", "opensesame-opensesame", "postgres://me:word@host/db")
	line := strings.Repeat("loaded 1200 rows of raw/orders from the warehouse, ", 4)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		masker.Mask(line)
	}
}
