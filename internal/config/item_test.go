package config_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/config"
)

type limit struct {
	Rows int `min:"1" default:"100"`
}

// base is embedded: its fields are those of the struct around it.
type base struct {
	Region string `enum:"eu,us" default:"eu"`
}

// account has one of everything that a config may have.
type account struct {
	base
	User     string                `required:"true"`
	Password config.Secret[string] `required:"true" pattern:"^key-"`
	Port     int                   `default:"443" min:"1" max:"65535"`
	Wait     time.Duration         `default:"5s"`
	Limit    limit
	Proxy    *proxy
	Tags     []string `default:"a,b" max:"3"`
	Skipped  string   `ignored:"true"`
}

type proxy struct {
	Host string `required:"true"`
	Port int    `default:"8080"`
}

type mail struct {
	Accounts []account
	ByName   map[string]*account
	Pair     [1]account
	Lists    [][]account
}

func fullAccount(user, password string) account {
	return account{
		base: base{"eu"}, User: user, Password: config.NewSecret(password), Port: 443, Wait: 5 * time.Second,
		Limit: limit{100}, Tags: []string{"a", "b"},
	}
}

var comparingAccounts = cmp.AllowUnexported(account{})

func TestStructsInListsAndMapsAreConfigsOfTheirOwn(t *testing.T) {
	t.Setenv("MAIL_KEY", "key-1")
	t.Setenv("MAIL_PORT", "010")
	t.Setenv("MAIL_TAG", "c")
	text := `{user: ada, password: {env: MAIL_KEY}, port: {env: MAIL_PORT}, region: us, limit: {rows: 5}, proxy: {host: p}, tags: [x, {env: MAIL_TAG}]}`
	want := fullAccount("ada", "key-1")
	want.Port, want.Region, want.Limit.Rows, want.Proxy, want.Tags = 10, "us", 5, &proxy{"p", 8080}, []string{"x", "c"}
	for place, test := range map[string]struct {
		text string
		want mail
	}{
		"in a list":          {"accounts: [{user: ada, password: key-1}, " + text + "]", mail{Accounts: []account{fullAccount("ada", "key-1"), want}}},
		"in a map":           {"by_name: {a: " + text + "}", mail{ByName: map[string]*account{"a": &want}}},
		"in an array":        {"pair: [" + text + "]", mail{Pair: [1]account{want}}},
		"in a list of lists": {"lists: [[" + text + "]]", mail{Lists: [][]account{{want}}}},
	} {
		t.Run(place, func(t *testing.T) {
			resolved, _, faults := launched(t, definition(t, mail{}), read(t, "resources: {it: {config: {"+test.text+"}}}"))
			if diff := cmp.Diff(test.want, resolved.Value.Interface(), comparingAccounts); diff != "" || len(faults) > 0 {
				t.Errorf("%v\n(-want +got)\n%s", faults, diff)
			}
		})
	}
	t.Run("from a variable that holds YAML", func(t *testing.T) {
		t.Setenv("M_ACCOUNTS", "["+text+"]")
		resolved, faults := definition(t, mail{}, config.FromEnv("M")).Resolve("it", nil)
		if diff := cmp.Diff(mail{Accounts: []account{want}}, resolved.Value.Interface(), comparingAccounts); diff != "" || len(faults) > 0 {
			t.Errorf("%v\n(-want +got)\n%s", faults, diff)
		}
	})
	t.Run("in code and in structs of a launch a zero field was not given", func(t *testing.T) {
		given := mail{Accounts: []account{{User: "ada", Password: config.NewSecret("key-1")}}}
		want := mail{Accounts: []account{fullAccount("ada", "key-1")}}
		inCode, faults := definition(t, given).Resolve("it", nil)
		if diff := cmp.Diff(want, inCode.Value.Interface(), comparingAccounts); diff != "" || len(faults) > 0 {
			t.Errorf("%v\n(-want +got)\n%s", faults, diff)
		}
		for _, source := range []any{given, config.Fields{"accounts": given.Accounts}} {
			atLaunch, _, faults := launched(t, definition(t, mail{}), source)
			if diff := cmp.Diff(want, atLaunch.Value.Interface(), comparingAccounts); diff != "" || len(faults) > 0 {
				t.Errorf("%v\n(-want +got)\n%s", faults, diff)
			}
		}
		if given.Accounts[0].Port != 0 {
			t.Error("what the caller gave was changed")
		}
	})
}

func TestFaultsInListsAndMapsNameTheElement(t *testing.T) {
	t.Setenv("MAIL_BAD_KEY", "hunter2")
	t.Setenv("MAIL_EMPTY", "")
	t.Setenv("MAIL_WORD", "word")
	const ok = "{user: ada, password: key-1}"
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"what is required": {"accounts: [" + ok + ", {}]", []string{
			"it.accounts[1].password: missing: every item has to give it", "it.accounts[1].user: missing: every item has to give it",
		}},
		"what is required in a section that may be left out": {
			"accounts: [{user: ada, password: key-1, proxy: {port: 1}}, {user: ada, password: key-1, proxy: null}]",
			[]string{"it.accounts[0].proxy.host: missing: every item has to give it"},
		},
		"what is given, but empty": {"accounts: [{user: '', password: {env: MAIL_EMPTY}}]", []string{
			"it.accounts[0].password: missing: the environment variable MAIL_EMPTY, which the launch refers to, is set, but empty",
			"it.accounts[0].user: missing: the launch gives an empty text",
		}},
		"what is not allowed": {"accounts: [{user: ada, password: hunter2, port: 0, region: uk, tags: [a, b, c, d], limit: {rows: 0}}]", []string{
			"it.accounts[0].limit.rows (line 1, column 124): it must be at least 1",
			"it.accounts[0].password (line 1, column 60): it must match ^key-",
			"it.accounts[0].port (line 1, column 75): it must be at least 1",
			`it.accounts[0].region (line 1, column 86): it must be one of "eu", "us", did you mean "us"?`,
			"it.accounts[0].tags (line 1, column 96): it must have at most 3 items",
		}},
		"what a variable holds": {"accounts: [{user: ada, password: {env: MAIL_BAD_KEY}, port: {env: MAIL_WORD}, tags: [{env: MAIL_NOT_SET}]}]", []string{
			"it.accounts[0].password: the environment variable MAIL_BAD_KEY, which the launch refers to, must match ^key-",
			"it.accounts[0].port: the environment variable MAIL_WORD, which the launch refers to, is not a valid int",
			"it.accounts[0].tags[0]: missing: the environment variable MAIL_NOT_SET, which the launch refers to, is not set",
		}},
		"what is of the wrong kind": {"by_name: {a: {user: ada, password: [hunter2], port: x}, b: 5}, accounts: {a: 1}", []string{
			"it.accounts (line 1, column 100): expected a list, not a map",
			"it.by_name.a.password (line 1, column 62): expected a value of the secret's type",
			"it.by_name.a.port (line 1, column 79): expected a whole number (int), not text",
			"it.by_name.b (line 1, column 86): expected a config_test.account, not a number",
		}},
		"a name that no field has": {"accounts: [{usr: ada, user: ada, password: key-1, limit: {row: 1}}]", []string{
			`it.accounts[0].limit.row (line 1, column 85): there is no such field, did you mean "rows"?`,
			`it.accounts[0].usr (line 1, column 39): there is no such field, did you mean "user"?`,
		}},
		"a reference with more beside it": {"accounts: [{user: {env: MAIL_KEY, x: 1}, password: {env: lower}}]", []string{
			"it.accounts[0].password (line 1, column 78): {env: NAME} takes the name of a variable in upper case",
			"it.accounts[0].user (line 1, column 45): a reference is {env: NAME} alone, else give the value itself",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, faults := launched(t, definition(t, mail{}), read(t, "resources: {it: {config: {"+test.text+"}}}"))
			got := slices.Compact(slices.Sorted(slices.Values(texts(faults))))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
