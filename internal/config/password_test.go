package config_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/config"
)

// definition takes a config struct apart.
func definition(t *testing.T, value any, opts ...config.Option) *config.Definition {
	t.Helper()
	d, faults := config.NewDefinition("Config", value, opts)
	if faults = append(faults, d.Analyse(new(config.Shapes))...); len(faults) > 0 {
		t.Fatal(faults)
	}
	return d
}

// launched resolves a config with what a launch gives.
func launched(t *testing.T, d *config.Definition, source any) (config.Resolved, config.LaunchValues, []error) {
	t.Helper()
	given := make(config.LaunchValues)
	faults := d.Read(given, "it", source)
	resolved, more := d.Resolve("it", given)
	return resolved, given, append(faults, more...)
}

func read(t *testing.T, text string) any {
	t.Helper()
	run, err := config.ParseRunConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return run.Resources["it"]
}

func assign(t *testing.T, field, value string) any {
	t.Helper()
	run, err := config.RunConfig{}.Set("resources.it.config."+field, value)
	if err != nil {
		t.Fatal(err)
	}
	return run.Resources["it"]
}

// links are fields that are not secret, whose values hold a password.
type links struct {
	Value   url.URL   `default:"https://me:hunter2@host/path"`
	Pointer *url.URL  `default:"https://me:hunter2@host/path"`
	Signed  *url.URL  `default:"https://host/path?sig=hunter2"`
	Web     *url.URL  `default:"https://hunter2@host"`
	List    []url.URL `default:"https://me:hunter2@host,https://host"`
	Many    []*url.URL
	Text    string            `default:"s3://AKIA:hunter2@bucket?region=x"`
	Token   string            `default:"https://hunter2@host"`
	Odd     string            `default:"postgres://me:p@/hunter2#@host:5432/db"`
	Pairs   string            `default:"host=db user= password=hunter2"`
	Quoted  string            `default:"host=db password='it is hunter2' user=x"`
	Azure   string            `default:"AccountName=x;AccountKey=hunter2;EndpointSuffix=y"`
	Query   string            `default:"https://host/x?a=b&access_token=hunter2&c=d"`
	Texts   []string          `default:"https://me:hunter2@host"`
	ByName  map[string]string `default:"a:password=hunter2"`
	Inner   struct {
		URL string `default:"https://me:hunter2@host"`
	}
}

func TestAPasswordInAURLOrAConnectionStringIsNotShown(t *testing.T) {
	t.Parallel()
	d := definition(t, links{})
	byDefault, _, _ := launched(t, d, nil)
	given := config.Fields{
		"value": "https://me:hunter2@host", "pointer": "https://me:hunter2@host", "signed": "https://host?sig=hunter2", "web": "https://hunter2@host",
		"list": []string{"https://me:hunter2@host"}, "many": []string{"https://me:hunter2@host"}, "text": "s3://AKIA:hunter2@bucket", "token": "https://hunter2@host",
		"odd": "postgres://me:p@/hunter2#@host", "pairs": "password=hunter2", "quoted": "password='hunter2'", "azure": "AccountKey=hunter2", "query": "https://host?token=hunter2",
		"texts": []string{"https://me:hunter2@host"}, "by_name": map[string]string{"a": "password=hunter2"}, "inner": config.Fields{"url": "https://me:hunter2@host"},
	}
	atLaunch, values, faults := launched(t, d, given)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for _, resolved := range []config.Resolved{byDefault, atLaunch} {
		for _, field := range d.Describe(resolved) {
			if text := fmt.Sprintf("%+v", field); shows(text) || field.Value == "" && field.GoName != "Many" {
				t.Error(text)
			}
		}
	}
	schema := config.NewSchema()
	schema.AddResource("it", "", d, true, nil)
	text, err := schema.JSON()
	if err != nil || shows(string(text)) {
		t.Errorf("%s, %v", text, err)
	}
	document := config.NewLaunchDocument()
	document.AddResource("it", d, values)
	if text, err = document.JSON(); err != nil || string(text) != "{}" {
		t.Errorf("stored as %s, %v", text, err)
	}
}

func TestWhatHoldsNoPasswordIsShownAsItIs(t *testing.T) {
	t.Parallel()
	type plain struct{ Text string }
	d := definition(t, plain{})
	for _, text := range []string{
		"https://host:8080/x?mail=a@b", "postgres://me@host/db", "me@example.com", "a=b", "monkey=banana", "token_url=https://host", "s3://bucket?region=x",
		"file:///data", "key=7", "passenger=3", "cost: 3 @ 5", "a://b", "://@", "=@", "user= host=db",
	} {
		resolved, values, faults := launched(t, d, config.Fields{"text": text})
		if got := d.Describe(resolved)[0].Value; got != text || len(faults) > 0 {
			t.Errorf("%q is shown as %q, %v", text, got, faults)
		}
		document := config.NewLaunchDocument()
		document.AddResource("it", d, values)
		if stored, _ := document.JSON(); !strings.Contains(string(stored), `"text"`) {
			t.Errorf("%q is not stored: %s", text, stored)
		}
	}
}

func TestAURLByValueIsStoredAsALaunchReadsIt(t *testing.T) {
	t.Parallel()
	type site struct{ URL url.URL }
	d := definition(t, site{})
	_, values, _ := launched(t, d, config.Fields{"url": "https://host/x?a=b"})
	document := config.NewLaunchDocument()
	document.AddResource("it", d, values)
	stored, err := document.JSON()
	if err != nil {
		t.Fatal(err)
	}
	resolved, _, faults := launched(t, d, read(t, string(stored)))
	if got := resolved.Value.Interface().(site).URL; got.String() != "https://host/x?a=b" || len(faults) > 0 {
		t.Errorf("%s is read as %v, %v", stored, got.String(), faults)
	}
}
