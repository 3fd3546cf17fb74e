package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/config"
)

type tls struct {
	Cert string `required:"true"`
	Min  string `default:"1.2"`
	Keys *keyPair
}

type keyPair struct {
	Public string `required:"true"`
	Size   int    `default:"2048"`
}

type server struct {
	Host  string `default:"localhost"`
	TLS   *tls
	Cache *struct {
		Size int `default:"10"`
	}
}

func TestASectionThatAPointerLeadsToMayBeLeftOut(t *testing.T) {
	for name, test := range map[string]struct {
		code    server
		launch  string
		environ map[string]string
		opts    []config.Option
		want    *tls
		faults  []string
	}{
		"no layer says anything of it":              {want: nil},
		"a blank says nothing of it":                {launch: "tls: ", want: nil},
		"a blank takes nothing away":                {code: server{TLS: &tls{Cert: "code"}}, launch: "tls: ", want: &tls{Cert: "code", Min: "1.2"}},
		"null says that there is none":              {launch: "tls: null", want: nil},
		"null against code":                         {code: server{TLS: &tls{Cert: "code"}}, launch: "tls: null", want: &tls{Cert: "code", Min: "1.2"}, faults: []string{"it.tls (line 1, column 32): it is null, but code, the environment or another part of the launch gives it"}},
		"null against the environment":              {environ: map[string]string{"S_TLS_CERT": "e"}, opts: []config.Option{config.FromEnv("S")}, launch: "tls: ~", want: &tls{Cert: "e", Min: "1.2"}, faults: []string{"it.tls (line 1, column 32): it is null, but code, the environment or another part of the launch gives it"}},
		"null for what is in it":                    {launch: "tls: {cert: c, keys: null}", want: &tls{Cert: "c", Min: "1.2"}},
		"a launch gives a field of it":              {launch: "tls: {cert: c}", want: &tls{Cert: "c", Min: "1.2"}},
		"a launch gives another field of it":        {launch: "tls: {min: '1'}", want: &tls{Min: "1"}, faults: []string{"it.tls.cert: missing: set it in code, or give it at launch"}},
		"a launch gives it, empty":                  {launch: "tls: {}", want: &tls{Min: "1.2"}, faults: []string{"it.tls.cert: missing: set it in code, or give it at launch"}},
		"code gives it":                             {code: server{TLS: &tls{Cert: "code"}}, want: &tls{Cert: "code", Min: "1.2"}},
		"code gives it, empty":                      {code: server{TLS: &tls{}}, want: &tls{Min: "1.2"}, faults: []string{"it.tls.cert: missing: set it in code, or give it at launch"}},
		"the environment gives a field of it":       {environ: map[string]string{"S_TLS_CERT": "e"}, opts: []config.Option{config.FromEnv("S")}, want: &tls{Cert: "e", Min: "1.2"}},
		"the environment gives another field of it": {environ: map[string]string{"S_TLS_MIN": "1"}, opts: []config.Option{config.FromEnv("S")}, want: &tls{Min: "1"}, faults: []string{"it.tls.cert: missing: set the environment variable S_TLS_CERT, or give it at launch"}},
		"a launch gives what is in it":              {launch: "tls: {cert: c, keys: {public: p}}", want: &tls{Cert: "c", Min: "1.2", Keys: &keyPair{"p", 2048}}},
		"a launch gives only what is in it":         {launch: "tls: {keys: {size: 1}}", want: &tls{Min: "1.2", Keys: &keyPair{Size: 1}}, faults: []string{"it.tls.cert: missing: set it in code, or give it at launch", "it.tls.keys.public: missing: set it in code, or give it at launch"}},
		"a field of it must be given at launch":     {opts: []config.Option{config.AtLaunch("TLS.Cert")}, want: &tls{Min: "1.2"}, faults: []string{"it.tls.cert: missing: it must be given at launch"}},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, text := range test.environ {
				t.Setenv(variable, text)
			}
			d := definition(t, test.code, test.opts...)
			resolved, given, faults := launched(t, d, read(t, "resources: {it: {config: {"+test.launch+"}}}"))
			got := resolved.Value.Interface().(server)
			if diff := cmp.Diff(test.want, got.TLS); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			want := test.faults
			if want == nil {
				want = []string{}
			}
			if diff := cmp.Diff(want, texts(faults)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got.Host != "localhost" || got.Cache == nil || got.Cache.Size != 10 {
				t.Errorf("the rest is %+v", got)
			}
			document := config.NewLaunchDocument()
			document.AddResource("it", d, given)
			stored, err := document.JSON()
			if err != nil {
				t.Fatal(err)
			}
			again, _, _ := launched(t, d, read(t, string(stored)))
			if diff := cmp.Diff(got, again.Value.Interface()); diff != "" {
				t.Errorf("stored as %s (-given +read back)\n%s", stored, diff)
			}
		})
	}
	t.Run("by a struct of a launch", func(t *testing.T) {
		_, _, faults := launched(t, definition(t, server{}), server{TLS: &tls{}})
		if diff := cmp.Diff([]string{"it.tls.cert: missing: set it in code, or give it at launch"}, texts(faults)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheWordNullForASection(t *testing.T) {
	t.Parallel()
	type inner struct {
		Name string `default:"n"`
	}
	type outer struct {
		Plain  inner
		Ready  *inner // it has no required field, so it is made where nobody says that it is none
		Listed []struct{ Ready *inner }
	}
	refused := "it is null, but code, the environment or another part of the launch gives it"
	for name, test := range map[string]struct {
		code   outer
		first  string
		second string
		want   outer
		fault  string
	}{
		"makes none of what is made by itself":  {first: "ready: null", want: outer{Plain: inner{"n"}}},
		"makes none in a list":                  {first: "listed: [{ready: null}]", want: outer{Plain: inner{"n"}, Listed: []struct{ Ready *inner }{{}}, Ready: &inner{"n"}}},
		"says nothing of a plain struct":        {code: outer{Plain: inner{"a"}}, first: "plain: null", want: outer{Plain: inner{"a"}, Ready: &inner{"n"}}},
		"in a second file is against the first": {first: "ready: {name: a}", second: "ready: null", want: outer{Plain: inner{"n"}, Ready: &inner{"a"}}, fault: refused},
		"in a first file gives way":             {first: "ready: null", second: "ready: {name: a}", want: outer{Plain: inner{"n"}, Ready: &inner{"a"}}},
		"of a plain struct may stay blank":      {code: outer{Plain: inner{"a"}}, first: "plain:\n", want: outer{Plain: inner{"a"}, Ready: &inner{"n"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, given := definition(t, test.code), make(config.LaunchValues)
			faults := d.Read(given, "it", read(t, "resources: {it: {config: {"+test.first+"}}}"))
			faults = append(faults, d.Read(given, "it", read(t, "resources: {it: {config: {"+test.second+"}}}"))...)
			resolved, more := d.Resolve("it", given)
			faults = append(faults, more...)
			if diff := cmp.Diff(test.want, resolved.Value.Interface()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := strings.Join(texts(faults), "\n"); !strings.HasSuffix(got, test.fault) || (test.fault == "") != (got == "") {
				t.Errorf("got the faults %s, want %s", got, test.fault)
			}
		})
	}
}
