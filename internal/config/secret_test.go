package config_test

import (
	"bytes"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/config"
)

const hunter = "hunter2"

// shows reports whether a text gives the secret away, in letters, hexadecimal,
// or as a list of numbers.
func shows(text string) bool {
	for _, form := range []string{hunter, "68756e74657232", "104 117 110", "104,117,110", "0x68, 0x75", "471100815", "1c146d8f", "aHVudGVyMg"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

type (
	pem    []byte
	phrase string
	keys   struct{ Access, Secret string }
)

// hiding holds secrets where fmt and encoders call no methods.
type hiding struct {
	text     config.Secret[string]
	number   config.Secret[int]
	data     config.Secret[[]byte]
	pem      config.Secret[pem]
	phrase   config.Secret[phrase]
	keys     config.Secret[keys]
	pair     config.Secret[*keys]
	list     config.Secret[[]string]
	entries  config.Secret[map[string]string]
	anything config.Secret[any]
	address  config.Secret[*url.URL]
	pointer  *config.Secret[string]
	many     []config.Secret[string]
	named    map[string]config.Secret[string]
	boxed    any
}

func newHiding() hiding {
	text := config.NewSecret(hunter)
	return hiding{
		text: text, number: config.NewSecret(471100815), data: config.NewSecret([]byte(hunter)), pem: config.NewSecret(pem(hunter)),
		phrase: config.NewSecret(phrase(hunter)), keys: config.NewSecret(keys{hunter, hunter}), pair: config.NewSecret(&keys{hunter, hunter}),
		list: config.NewSecret([]string{hunter}), entries: config.NewSecret(map[string]string{hunter: hunter}), anything: config.NewSecret[any](hunter),
		address: config.NewSecret(&url.URL{Scheme: "https", User: url.UserPassword("me", hunter)}),
		pointer: &text, many: []config.Secret[string]{text}, named: map[string]config.Secret[string]{"k": text}, boxed: text,
	}
}

type embedding struct {
	config.Secret[string]
	Other int
}

func TestASecretIsShownByNoRenderingAtAnyDepth(t *testing.T) {
	t.Parallel()
	held := newHiding()
	type outer struct {
		Inner hiding
		inner *hiding
	}
	for name, value := range map[string]any{
		"in unexported fields":         held,
		"behind a pointer":             &held,
		"two structs deep":             outer{held, &held},
		"in a list":                    []any{held, []hiding{held}},
		"as a key of a map":            map[config.Secret[string]]int{held.text: 1},
		"in an array":                  [1]config.Secret[string]{held.text},
		"embedded":                     embedding{held.text, 1},
		"embedded in something hidden": struct{ e embedding }{embedding{held.text, 1}},
		"by itself":                    held.text,
		"in a reflect.Value":           reflect.ValueOf(held),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var seen []string
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%08b", "%o", "%c", "%U", "%e", "%t", "%p"} {
				seen = append(seen, fmt.Sprintf(verb, value))
			}
			seen = append(seen, fmt.Errorf("no %v", value).Error(), fmt.Sprint(value), fmt.Sprintln(value))
			for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal, xml.Marshal, gobBytes} {
				text, err := safely(marshal, value)
				seen = append(seen, string(text), fmt.Sprint(err))
			}
			var logged bytes.Buffer
			slog.New(slog.NewTextHandler(&logged, nil)).Info("m", "config", value)
			slog.New(slog.NewJSONHandler(&logged, nil)).Info("m", "config", value)
			seen = append(seen, logged.String(), strings.Join(reachable(reflect.ValueOf(value), 0), "\n"))
			for _, text := range seen {
				if shows(text) {
					t.Error(text)
				}
			}
		})
	}
}

func TestTheTestSeesWhatIsNotSecret(t *testing.T) {
	t.Parallel()
	open := struct{ held []any }{[]any{&keys{Access: hunter}}}
	if !shows(strings.Join(reachable(reflect.ValueOf(open), 0), "\n")) {
		t.Error("a printer by reflection would find it")
	}
}

func gobBytes(value any) ([]byte, error) {
	var encoded bytes.Buffer
	err := gob.NewEncoder(&encoded).Encode(value)
	return encoded.Bytes(), err
}

func safely(marshal func(any) ([]byte, error), value any) (text []byte, err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = fmt.Errorf("panic: %v", recovered)
		}
	}()
	return marshal(value)
}

// reachable is what a printer finds that follows everything by reflection, as
// go-cmp, spew and kr/pretty do.
func reachable(value reflect.Value, depth int) (texts []string) {
	if depth > 12 || !value.IsValid() {
		return nil
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		return reachable(value.Elem(), depth+1)
	case reflect.Struct:
		for i := range value.NumField() {
			texts = append(texts, reachable(value.Field(i), depth+1)...)
		}
	case reflect.Slice, reflect.Array:
		for i := range value.Len() {
			texts = append(texts, reachable(value.Index(i), depth+1)...)
		}
		if value.Kind() == reflect.Slice && value.Type().Elem().Kind() == reflect.Uint8 {
			texts = append(texts, string(value.Bytes()))
		}
	case reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			texts = append(append(texts, reachable(entry.Key(), depth+1)...), reachable(entry.Value(), depth+1)...)
		}
	case reflect.String:
		texts = append(texts, value.String())
	case reflect.Int:
		texts = append(texts, fmt.Sprint(value.Int()))
	}
	return texts
}

func TestSecretsAreComparedByWhatTheyHold(t *testing.T) {
	t.Parallel()
	type login struct {
		User     string
		Password config.Secret[string]
		key      config.Secret[[]byte]
	}
	with := func(password, key string) login {
		return login{"me", config.NewSecret(password), config.NewSecret([]byte(key))}
	}
	if config.NewSecret("a"+strings.Repeat("b", 2)) != config.NewSecret("abb") || config.NewSecret("a") == config.NewSecret("b") {
		t.Error("== does not compare what is held")
	}
	if config.NewSecret(0) != (config.Secret[int]{}) || !reflect.ValueOf(config.NewSecret("")).IsZero() || reflect.ValueOf(config.NewSecret([]byte{})).IsZero() {
		t.Error("the zero Secret is not the one of the zero value, and that alone")
	}
	if !config.NewSecret([]byte("a")).Equal(config.NewSecret([]byte("a"))) || config.NewSecret([]byte("a")).Equal(config.NewSecret([]byte("b"))) {
		t.Error("Equal does not compare what is held")
	}
	if !reflect.DeepEqual(struct{ s config.Secret[keys] }{config.NewSecret(keys{"a", "b"})}, struct{ s config.Secret[keys] }{config.NewSecret(keys{"a", "b"})}) {
		t.Error("reflect.DeepEqual does not compare what is held")
	}
	all := cmp.AllowUnexported(login{})
	if diff := cmp.Diff(with("a", "b"), with("a", "b"), all); diff != "" {
		t.Error(diff)
	}
	for _, other := range []login{with(hunter, "b"), with("a", hunter)} {
		if diff := cmp.Diff(with("a", "b"), other, all); diff == "" || shows(diff) {
			t.Errorf("the difference is %q", diff)
		}
	}
}

func TestASecretRevealsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	held := newHiding()
	var nothing error
	for name, same := range map[string]bool{
		"text":                                   held.text.Reveal() == hunter,
		"a number":                               held.number.Reveal() == 471100815,
		"bytes":                                  string(held.data.Reveal()) == hunter,
		"a struct":                               held.keys.Reveal() == keys{hunter, hunter},
		"a map":                                  held.entries.Reveal()[hunter] == hunter,
		"anything":                               held.anything.Reveal() == hunter,
		"a value of a list type in an interface": reflect.DeepEqual(config.NewSecret[any]([]int{1}).Reveal(), []int{1}),
		"an error":                               errors.Is(config.NewSecret[error](xml.UnmarshalError("x")).Reveal(), xml.UnmarshalError("x")),
		"no error":                               config.NewSecret(nothing).Reveal() == nil,
		"an empty text":                          config.NewSecret("").Reveal() == "",
		"an empty list":                          config.NewSecret([]byte{}).Reveal() != nil,
		"a pointer":                              *held.pair.Reveal() == keys{hunter, hunter},
		"the zero Secret":                        config.Secret[int]{}.Reveal() == 0,
	} {
		if !same {
			t.Errorf("%s is not revealed", name)
		}
	}
}

// The types read themselves, in each of the ways that envconfig knows.
type (
	decoded   struct{ got string }
	set       struct{ got string }
	fromBytes struct{ got string }
	fromText  struct{ got string }
	silent    struct{}
)

func (d *decoded) Decode(text string) error            { d.got = text; return nil }
func (s *set) Set(text string) error                   { s.got = text; return nil }
func (f *fromBytes) UnmarshalBinary(text []byte) error { f.got = string(text); return nil }
func (f *fromText) UnmarshalText(text []byte) error    { f.got = string(text); return nil }
func (s *silent) Set(text string) error                { panic("no " + text) }

func TestASecretGetsTheBytesThatWereGiven(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"-----BEGIN KEY-----\nMIIB\nhunter==\n-----END KEY-----\n", "#hunter2", "hunter2 # not a comment", `"hunter2"`, "'it''s'", " hunter2 ", "\thunter2\n",
		"a: b", "- a", "[a", "{a}", "*a", "&a b", "!a b", "%a", "| a", "> a", "~", "null", "true", "007", "1e3", "\xff\xfe\x00", "a\r\nb", "--- a", "\ufeffa", "`a", "@a",
	} {
		giveAll(t, text)
	}
}

func giveAll(t *testing.T, text string) {
	t.Helper()
	give(t, text, func(s string) string { return s })
	give(t, text, func(b []byte) string { return string(b) })
	give(t, text, func(p pem) string { return string(p) })
	give(t, text, func(p phrase) string { return string(p) })
	give(t, text, func(p *string) string { return *p })
	give(t, text, func(p *pem) string { return string(*p) })
	give(t, text, func(p **phrase) string { return string(**p) })
	give(t, text, func(d decoded) string { return d.got })
	give(t, text, func(s set) string { return s.got })
	give(t, text, func(f fromBytes) string { return f.got })
	give(t, text, func(f fromText) string { return f.got })
	give(t, text, func(d *decoded) string { return d.got })
	give(t, text, func(s *set) string { return s.got })
	give(t, text, func(f *fromBytes) string { return f.got })
	give(t, text, func(f *fromText) string { return f.got })
	give(t, text, func(a any) string { return fmt.Sprint(a) })
}

func give[T any](t *testing.T, text string, of func(T) string) {
	t.Helper()
	var secret config.Secret[T]
	if err := secret.UnmarshalText([]byte(text)); err != nil {
		t.Errorf("%T refuses %q: %v", secret, text, err)
		return
	}
	if got := of(secret.Reveal()); got != text {
		t.Errorf("%T of %q is %q", secret, text, got)
	}
}

func TestASecretRefusesWhatItWouldReadInPart(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]struct {
		into encoding.TextUnmarshaler
		text string
	}{
		"a number with a comment":     {new(config.Secret[int]), "12 # hunter2"},
		"a number with a tag":         {new(config.Secret[int]), "!!int 12"},
		"a boolean with a comment":    {new(config.Secret[bool]), "true # hunter2"},
		"a duration with a comment":   {new(config.Secret[time.Duration]), "5s # hunter2"},
		"no number":                   {new(config.Secret[*int]), ""},
		"two documents":               {new(config.Secret[[]string]), "[a]\n---\n[hunter2]"},
		"a list with something after": {new(config.Secret[[]string]), "[a] hunter2"},
		"a decoder that panics":       {new(config.Secret[silent]), hunter},
		"a URL that is none":          {new(config.Secret[*url.URL]), "http://me:hunter2@[x"},
		"an interface with methods":   {new(config.Secret[error]), hunter},
	} {
		if err := read.into.UnmarshalText([]byte(read.text)); err == nil || shows(err.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var number config.Secret[int]
	if err := number.UnmarshalText([]byte(" 12\n")); err != nil || number.Reveal() != 12 {
		t.Errorf("a number with space around it: %v, %v", number.Reveal(), err)
	}
}

// vault has a field for each kind of secret that text fills.
type vault struct {
	Text    config.Secret[string]
	Bytes   config.Secret[[]byte]
	PEM     config.Secret[pem]
	Phrase  config.Secret[phrase]
	Pointer *config.Secret[string]
	Decoded config.Secret[decoded]
	Binary  config.Secret[*fromBytes]
	Any     config.Secret[any]
}

func (v vault) texts() map[string]string {
	texts := map[string]string{
		"text": v.Text.Reveal(), "bytes": string(v.Bytes.Reveal()), "pem": string(v.PEM.Reveal()), "phrase": string(v.Phrase.Reveal()), "decoded": v.Decoded.Reveal().got,
	}
	if v.Pointer != nil {
		texts["pointer"] = v.Pointer.Reveal()
	}
	if binary := v.Binary.Reveal(); binary != nil {
		texts["binary"] = binary.got
	}
	if v.Any.Reveal() != nil {
		texts["any"] = fmt.Sprint(v.Any.Reveal())
	}
	return texts
}

var vaultFields = []string{"text", "bytes", "pem", "phrase", "pointer", "decoded", "binary", "any"}

func TestEveryLayerGivesASecretItsBytes(t *testing.T) {
	texts := []string{
		"-----BEGIN KEY-----\nMIIB\nhunter==\n-----END KEY-----\n", "#hunter2", "hunter2 # no comment", " hunter2 ", "hunter2\n", "a\nb", "!hunter2", "!a b", "&hunter2", "&a b",
		"007", "1_000", "true", "a,b", "--- a", "\ufeffa", "a\tb", "'a", "a'b\"c", `a\nb`, "a#b", "|", ">", "!", "!!", "$HOME",
	}
	d, fromEnv := definition(t, vault{}), definition(t, vault{}, config.FromEnv("VAULT"))
	for _, text := range texts {
		for _, field := range vaultFields {
			t.Setenv("VAULT_"+strings.ToUpper(field), text)
			quoted, err := yaml.Marshal(map[string]any{"resources": map[string]any{"it": map[string]any{"config": map[string]string{field: text}}}})
			if err != nil {
				t.Fatal(err)
			}
			for layer, source := range map[string]any{
				"fields":       config.Fields{field: text},
				"bytes":        config.Fields{field: []byte(text)},
				"a named type": config.Fields{field: phrase(text)},
				"YAML":         read(t, string(quoted)),
				"a reference":  config.Fields{field: map[string]string{"env": "VAULT_" + strings.ToUpper(field)}},
			} {
				resolved, _, faults := launched(t, d, source)
				if got := resolved.Value.Interface().(vault).texts()[field]; got != text || len(faults) > 0 {
					t.Errorf("%s by %s: %q is %q, %v", field, layer, text, got, faults)
				}
			}
			resolved, _, faults := launched(t, fromEnv, nil)
			if got := resolved.Value.Interface().(vault).texts()[field]; got != text || len(faults) > 0 {
				t.Errorf("%s from the environment: %q is %q, %v", field, text, got, faults)
			}
			run, err := config.RunConfig{}.Set("resources.it.config."+field, text)
			if err != nil {
				continue // refused
			}
			resolved, _, faults = launched(t, d, run.Resources["it"])
			if got := resolved.Value.Interface().(vault).texts()[field]; got != text && len(faults) == 0 {
				t.Errorf("%s is set to %q and is %q", field, text, got)
			}
		}
	}
}

func TestSetLosesNothing(t *testing.T) {
	t.Parallel()
	type plain struct {
		Text  string
		Count int
		Flag  bool
		List  []string
	}
	d := definition(t, plain{})
	for _, test := range []struct{ field, value, want string }{
		{"text", `"#hunter2"`, `"#hunter2"`},
		{"text", "'it''s'", "'it''s'"},
		{"text", "|\n  a\n  b\n", "|\n  a\n  b\n"},
		{"text", "!!str 12", "!!str 12"},
		{"text", "#1 of 3", "#1 of 3"},
		{"text", "a # b", "a # b"},
		{"text", "", ""},
		{"count", " 3", "3"},
		{"count", "3 # three", "expected a whole number (int), not text"},
		{"flag", " true\n", "true"},
		{"list", "[a, 'b#']", "[a b#]"},
	} {
		resolved, _, faults := launched(t, d, assign(t, test.field, test.value))
		got := map[string]string{}
		value := resolved.Value.Interface().(plain)
		got["text"], got["count"], got["flag"], got["list"] = value.Text, fmt.Sprint(value.Count), fmt.Sprint(value.Flag), fmt.Sprint(value.List)
		if len(faults) > 0 {
			_, got[test.field], _ = strings.Cut(faults[0].Error(), ": ")
		}
		if got[test.field] != test.want {
			t.Errorf("%s=%s is %q, not %q", test.field, test.value, got[test.field], test.want)
		}
	}
}

func TestYAMLThatWouldLoseAPartOfASecretIsRefused(t *testing.T) {
	t.Parallel()
	d := definition(t, vault{})
	for _, field := range vaultFields {
		for _, text := range []string{"!hunter2", "!hunter2 x", "#hunter2", "&hunter2", "~", "!!binary hunter2!", "!!null hunter2", "[hunter2]", "{hunter2: x}"} {
			_, _, faults := launched(t, d, read(t, "resources: {it: {config: {"+field+": \n"+text+"\n}}}"))
			nothing := field == "pointer" && strings.Contains("#hunter2 &hunter2 ~ !!null hunter2", text)
			if len(faults) == 0 && !nothing || shows(fmt.Sprint(faults)) {
				t.Errorf("%s: %s gives %v", field, text, faults)
			}
		}
		resolved, _, faults := launched(t, d, read(t, "resources: {it: {config: {"+field+": !!binary //4=}}}"))
		if got := resolved.Value.Interface().(vault).texts()[field]; got != "\xff\xfe" || len(faults) > 0 {
			t.Errorf("%s of base64 is %q, %v", field, got, faults)
		}
	}
}

func TestASecretTakesAValueOfWhatItHolds(t *testing.T) {
	t.Parallel()
	type holder struct {
		Keys    config.Secret[keys]
		List    config.Secret[[]string]
		Pair    config.Secret[*keys]
		Number  config.Secret[int]
		Entries config.Secret[map[string]string]
	}
	d := definition(t, holder{})
	resolved, values, faults := launched(t, d, config.Fields{"keys": keys{"a", "b"}, "list": []string{"#", ""}, "pair": &keys{"c", "d"}, "number": 7, "entries": `{"a": "b"}`})
	got := resolved.Value.Interface().(holder)
	if len(faults) > 0 || got.Keys.Reveal() != (keys{"a", "b"}) || len(got.List.Reveal()) != 2 || got.Pair.Reveal().Access != "c" || got.Number.Reveal() != 7 || got.Entries.Reveal()["a"] != "b" {
		t.Errorf("%v, %v", faults, got.Keys.Reveal())
	}
	document := config.NewLaunchDocument()
	document.AddResource("it", d, values)
	if text, err := document.JSON(); err != nil || string(text) != "{}" {
		t.Errorf("stored as %s, %v", text, err)
	}
}

func TestAListInASecretIsWrittenAsText(t *testing.T) {
	t.Parallel()
	type login struct{ User, Password string }
	type holding struct {
		List  config.Secret[[]string]
		Map   config.Secret[map[string]int]
		Login config.Secret[*login]
		Text  config.Secret[string]
	}
	d := definition(t, holding{})
	for text, want := range map[string]string{
		"list: [hunter2]":                     `it.list (line 1, column 33): expected text, as in "a, b", because the whole list is a secret`,
		"map: {hunter2: 1}":                   `it.map (line 1, column 32): expected text, as in "{a: x, b: y}", because all of it is a secret`,
		"login: {user: u, password: hunter2}": `it.login (line 1, column 34): expected text, as in "{a: x, b: y}", because all of it is a secret`,
		"text: [hunter2]":                     `it.text (line 1, column 33): expected a value of the secret's type`,
	} {
		if _, _, faults := launched(t, d, read(t, "resources: {it: {config: {"+text+"}}}")); len(faults) != 1 || faults[0].Error() != want {
			t.Errorf("%s gives %v, want %s", text, faults, want)
		}
	}
	resolved, _, faults := launched(t, d, read(t, `resources: {it: {config: {list: "a, b", map: "x: 1", login: "{user: u, password: hunter2}"}}}`))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got := resolved.Value.Interface().(holding)
	if diff := cmp.Diff([]any{[]string{"a", "b"}, map[string]int{"x": 1}, &login{"u", "hunter2"}}, []any{got.List.Reveal(), got.Map.Reveal(), got.Login.Reveal()}); diff != "" {
		t.Error(diff)
	}
}
