package container_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
)

func TestMergeKeysOfYAML(t *testing.T) {
	t.Parallel()
	type place struct {
		Host string
		Port int
	}
	type config struct {
		Text   string
		Labels map[string]string
		Places map[string]place
	}
	for name, row := range map[string]struct {
		text string
		want config
	}{
		"a map of the file": {
			"places:\n  a: &a {host: x, port: 1}\n  b:\n    <<: *a\n    port: 2\n",
			config{Places: map[string]place{"a": {"x", 1}, "b": {"x", 2}}},
		},
		"what is given goes first, also before the merge key": {
			"labels:\n  a: own\n  <<: {a: merged, b: merged}\n",
			config{Labels: map[string]string{"a": "own", "b": "merged"}},
		},
		"the first of several maps goes first": {
			"labels:\n  <<: [{a: first}, {a: second, b: second}]\n",
			config{Labels: map[string]string{"a": "first", "b": "second"}},
		},
		"a merged map has a merge key itself": {
			"labels: &l\n  <<: {a: deep}\n  b: x\nplaces: {}\ntext: y\n",
			config{Text: "y", Labels: map[string]string{"a": "deep", "b": "x"}, Places: map[string]place{}},
		},
		"a key in quotes is a key": {
			"labels: {'<<': a}\n",
			config{Labels: map[string]string{"<<": "a"}},
		},
		"text is no key": {"text: <<\n", config{Text: "<<"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := "resources:\n  it:\n    config:\n      " + strings.TrimSpace(strings.ReplaceAll(row.text, "\n", "\n      ")) + "\n"
			got, err := configOf[config](t, container.Config(config{}), container.Launch(parse(t, text)))
			if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
	t.Run("anything else is refused", func(t *testing.T) {
		t.Parallel()
		_, err := container.ParseRunConfig([]byte("resources:\n  it:\n    config:\n      <<: 5\n"))
		if err == nil || !strings.Contains(err.Error(), "<< (line 4, column 7): a merge key takes a map or a list of maps, as in <<: *NAME") {
			t.Error(err)
		}
	})
}
