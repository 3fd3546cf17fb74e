package config_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/config"
)

type referring struct {
	Text     string
	Pointer  **string
	Strings  []string
	Numbers  map[string][]int
	Nested   [][]string
	Labels   map[string]string
	Levels   map[string]map[string]string
	Link     *url.URL
	Links    []*url.URL
	Waits    [2]time.Duration
	Data     []byte
	Secrets  []config.Secret[string]
	ByName   map[string]config.Secret[string]
	Accounts []struct{ Password config.Secret[string] }
	Section  struct{ Env string }
	Deploys  []struct{ Env string }
}

func TestAReferenceStandsForAnyScalarAtAnyDepth(t *testing.T) {
	for name, text := range map[string]string{"R_TEXT": " #x ", "R_NUMBER": "010", "R_LIST": "1, 2", "R_MAP": "a:1,b:x:y", "R_URL": "https://a", "R_WAIT": "5s"} {
		t.Setenv(name, text)
	}
	secret := config.NewSecret(" #x ")
	for text, want := range map[string]referring{
		"text: {env: R_TEXT}":                           {Text: " #x "},
		"pointer: {env: R_TEXT}":                        {Pointer: new(new(" #x "))},
		"strings: {env: R_LIST}":                        {Strings: []string{"1", "2"}},
		"strings: [a, {env: R_TEXT}]":                   {Strings: []string{"a", " #x "}},
		"numbers: {a: [1, {env: R_NUMBER}]}":            {Numbers: map[string][]int{"a": {1, 10}}},
		"numbers: {a: {env: R_LIST}}":                   {Numbers: map[string][]int{"a": {1, 2}}},
		"nested: [{env: R_LIST}, [{env: R_TEXT}]]":      {Nested: [][]string{{"1", "2"}, {" #x "}}},
		"labels: {env: R_MAP}":                          {Labels: map[string]string{"a": "1", "b": "x:y"}},
		"labels: {a: {env: R_TEXT}}":                    {Labels: map[string]string{"a": " #x "}},
		"labels: {env: prod}":                           {Labels: map[string]string{"env": "prod"}},
		"labels: {env: R_MAP, a: b}":                    {Labels: map[string]string{"env": "R_MAP", "a": "b"}},
		"labels: env:R_MAP":                             {Labels: map[string]string{"env": "R_MAP"}},
		"labels: !!map {env: R_MAP}":                    {Labels: map[string]string{"env": "R_MAP"}},
		"levels: {a: {env: R_MAP}, b: env:R_MAP}":       {Levels: map[string]map[string]string{"a": {"a": "1", "b": "x:y"}, "b": {"env": "R_MAP"}}},
		"link: {env: R_URL}":                            {Link: &url.URL{Scheme: "https", Host: "a"}},
		"links: [{env: R_URL}]":                         {Links: []*url.URL{{Scheme: "https", Host: "a"}}},
		"waits: [1s, {env: R_WAIT}]":                    {Waits: [2]time.Duration{time.Second, 5 * time.Second}},
		"data: {env: R_TEXT}":                           {Data: []byte(" #x ")},
		"secrets: [{env: R_TEXT}]":                      {Secrets: []config.Secret[string]{secret}},
		"by_name: {a: {env: R_TEXT}}":                   {ByName: map[string]config.Secret[string]{"a": secret}},
		"accounts: [{password: {env: R_TEXT}}]":         {Accounts: []struct{ Password config.Secret[string] }{{secret}}},
		"section: {env: R_TEXT}":                        {Section: struct{ Env string }{"R_TEXT"}},
		"section: {env: {env: R_TEXT}}":                 {Section: struct{ Env string }{" #x "}},
		"deploys: [{env: R_TEXT}, {env: {env: R_URL}}]": {Deploys: []struct{ Env string }{{"R_TEXT"}, {"https://a"}}},
		"strings: &a [{env: R_TEXT}]\nnested: [*a]":     {Strings: []string{" #x "}, Nested: [][]string{{" #x "}}},
	} {
		t.Run(text, func(t *testing.T) {
			d := definition(t, referring{})
			resolved, given, faults := launched(t, d, read(t, "resources:\n it:\n  config:\n   "+indent(text)))
			if diff := cmp.Diff(want, resolved.Value.Interface()); diff != "" || len(faults) > 0 {
				t.Fatalf("%v\n(-want +got)\n%s", faults, diff)
			}
			document := config.NewLaunchDocument()
			document.AddResource("it", d, given)
			stored, err := document.JSON()
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("R_TEXT", "another") // a reference is stored as one
			before, _, _ := launched(t, d, read(t, "resources:\n it:\n  config:\n   "+indent(text)))
			again, _, faults := launched(t, d, read(t, string(stored)))
			if diff := cmp.Diff(before.Value.Interface(), again.Value.Interface()); diff != "" || len(faults) > 0 {
				t.Errorf("stored as %s: %v (-given +read back)\n%s", stored, faults, diff)
			}
		})
	}
	t.Run("a map whose only key is env, given in Go", func(t *testing.T) {
		d := definition(t, referring{})
		want := referring{Labels: map[string]string{"env": "PROD"}, Levels: map[string]map[string]string{"a": {"env": "PROD"}}}
		_, given, _ := launched(t, d, want)
		document := config.NewLaunchDocument()
		document.AddResource("it", d, given)
		stored, _ := document.JSON()
		again, _, faults := launched(t, d, read(t, string(stored)))
		if diff := cmp.Diff(want, again.Value.Interface()); diff != "" || len(faults) > 0 {
			t.Errorf("stored as %s: %v (-given +read back)\n%s", stored, faults, diff)
		}
	})
	t.Run("what a variable holds is not shown", func(t *testing.T) {
		d := definition(t, referring{})
		resolved, _, _ := launched(t, d, read(t, "resources: {it: {config: {strings: [a, {env: R_TEXT}]}}}"))
		for _, field := range d.Describe(resolved) {
			if field.Path == "strings" && field.Value != `["a",{"env":"R_TEXT"}]` {
				t.Errorf("got %q", field.Value)
			}
		}
	})
	t.Run("a secret inside a list given in Go is not taken for its mask", func(t *testing.T) {
		d := definition(t, referring{})
		_, _, faults := launched(t, d, config.Fields{"strings": []any{config.NewSecret("x")}})
		if len(faults) != 1 {
			t.Errorf("got %v", faults)
		}
	})
}

// indent puts the second line of a text under the first.
func indent(text string) string {
	lines := ""
	for i, line := range []byte(text) {
		lines += string(line)
		if line == '\n' && i > 0 {
			lines += "   "
		}
	}
	return lines
}
