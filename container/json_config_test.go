package container_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

type spoken struct {
	Text  string
	Names map[string]string
	Count int
}

// Programs in other languages write escapes and characters of JSON that YAML reads as
// something else, or not at all.
func TestJSONOfOtherProgramsIsReadAsJSON(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, want string }{
		"a character in two escapes":             {`"\ud83d\ude00!"`, "😀!"},
		"a slash with an escape":                 {`"a\/b"`, "a/b"},
		"a backslash before what is no escape":   {`"\\ud83d"`, `\ud83d`},
		"a next-line character":                  {"\"a\u0085b\"", "a\u0085b"},
		"a line separator":                       {"\"a\u2028 b\"", "a\u2028 b"},
		"a byte-order mark within text":          {"\"a\ufeffb\"", "a\ufeffb"},
		"a delete character":                     {"\"a\x7fb\"", "a\x7fb"},
		"an escape of a control character":       {`"a\u0001\b\f\n\r\tb"`, "a\x01\b\f\n\r\tb"},
		"a character that stands for an unknown": {`"\ufffd"`, "\ufffd"},
		"words that YAML takes for other values": {`"no"`, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, document := range []string{
				`{"resources":{"it":{"config":{"text":` + row.text + `}}}}`,
				"\ufeff{\r\n\t\"resources\"\n:\t{\"it\" : {\"config\" : {\n\"text\"\t:" + row.text + "\r\n}}}}\n",
			} {
				got := mustConfig[spoken](t, container.Config(spoken{}), container.Launch(parse(t, document)))
				if got.Text != row.want {
					t.Errorf("%s: got %q, want %q", document, got.Text, row.want)
				}
			}
		})
	}
}

func TestALongKeyOfJSONIsRead(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("k", 2000)
	got := mustConfig[spoken](t, container.Config(spoken{}), container.Launch(parse(t, `{"resources":{"it":{"config":{"names":{"`+key+`":"a"}}}}}`)))
	if got.Names[key] != "a" {
		t.Errorf("got %v", got)
	}
}

func TestHalfACharacterInJSONIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`"\ud83d"`, `"\ude00\ud83d"`, `"\\\ud83d"`, `"\uD83D\u0041"`} {
		_, err := container.ParseRunConfig([]byte(`{"resources":{"it":{"config":{"text":` + text + `}}}}`))
		if err == nil || !strings.Contains(err.Error(), "invalid Unicode character escape code") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestFaultsInJSONSayWhereTheyStand(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(spoken) *resA { return nil }, container.Config(spoken{})))
	for text, want := range map[string]string{
		"{\"resources\": {\"it\": {\"config\": {\n\t\"text\": \"\\ud83d\\ude00é\", \"count\": \"x\"}}}}": "resources.it.config.count (line 2, column 36): expected a whole number (int), not text",
		`{"resources":{"it":{"config":{"count":1,"count":2}}}}`:                                          "resources.it.config.count (line 1, column 41): it stands there twice",
		`{"resources":{"it":{"config":{"names":{"a":[1]}}}}}`:                                            "resources.it.config.names.a (line 1, column 44): expected text, not a list",
		"\n\n{\"resources\":{\"it\":{\"config\":{\"count\":null}}}}":                                     "resources.it.config.count (line 3, column 39): expected a whole number (int), not null",
	} {
		launch, err := container.ParseRunConfig([]byte(text))
		if err == nil {
			_, err = c.LaunchJSON(launch)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// Whatever JSON has for a text, the text is read as Go reads it.
func TestAnyTextInJSONIsReadExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		want := rapid.String().Draw(r, "text")
		quoted, err := json.Marshal(want)
		if err != nil {
			r.Fatal(err)
		}
		launch, err := container.ParseRunConfig([]byte(`{"resources":{"it":{"config":{"names":{` + string(quoted) + `:` + string(quoted) + `}}}}}`))
		if err != nil {
			r.Fatal(err)
		}
		got, err := configOf[spoken](t, container.Config(spoken{}), container.Launch(launch))
		if err != nil || got.Names[want] != want {
			r.Errorf("got %q, %v", got.Names, err)
		}
	})
}
