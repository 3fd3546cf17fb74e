package config_test

import (
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
		"null says nothing of it":                   {launch: "tls: ", want: nil},
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
