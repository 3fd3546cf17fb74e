package container_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
)

func TestAStoredLaunchReadsBackTheSame(t *testing.T) {
	t.Setenv("L_INT", "4")
	type more struct {
		kinds
		Waits   []time.Duration
		Limits  map[string]time.Duration
		Days    []time.Time
		Levels  map[level]int
		Windows []window
	}
	launched := kindsOf(4, "l", "https://launch.example", day(4))
	launched.Secret, launched.Password = container.Secret[string]{}, container.Secret[int]{}
	for name, config := range map[string]any{
		"a struct": launched,
		"fields": container.Fields{
			"waits": []time.Duration{time.Second, time.Minute}, "limits": map[string]time.Duration{"a": time.Hour}, "days": []time.Time{day(1)},
			"levels": map[level]int{1: 3}, "windows": []window{{1, 2}}, "duration": time.Duration(0), "pointer": nil, "bytes": []byte("b"),
		},
		"YAML":       parse(t, "resources: {it: {config: {int: {env: L_INT}, list: [a, '1'], section: {count: 0}, time: 2026-01-04T03:04:05Z, windows: [{from: 1, to: 2}]}}}").Resources["it"],
		"nothing":    nil,
		"two layers": container.RunConfig{Resources: map[string]any{"it": container.Fields{"int": 1}}}.Merge(container.RunConfig{Resources: map[string]any{"it": container.Fields{"text": "x"}}}).Resources["it"],
	} {
		t.Run(name, func(t *testing.T) {
			read := func(run container.RunConfig) any {
				if name == "a struct" {
					return mustConfig[kinds](t, container.Config(kinds{}), container.Launch(run))
				}
				return mustConfig[more](t, container.Config(more{}), container.Launch(run))
			}
			c := newContainer(t, container.Provide("it", func(more) *resA { return nil }, container.Config(more{})))
			if name == "a struct" {
				c = newContainer(t, container.Provide("it", func(kinds) *resA { return nil }, container.Config(kinds{})))
			}
			run := container.RunConfig{Resources: map[string]any{"it": config}}
			stored, err := c.LaunchJSON(run)
			if err != nil {
				t.Fatal(err)
			}
			options := append([]cmp.Option{cmp.AllowUnexported(more{})}, revealed...)
			if diff := cmp.Diff(read(run), read(parse(t, string(stored))), options...); diff != "" {
				t.Errorf("stored as %s (-given +read back)\n%s", stored, diff)
			}
		})
	}
}

func TestAStoredLaunchKeepsReferencesAndDropsSecrets(t *testing.T) {
	t.Parallel()
	type account struct {
		User string
		Pass container.Secret[string]
	}
	type config struct {
		secrets
		Table    string
		Accounts []account
	}
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{})), container.Provide("other", newPlain))
	run := parse(t, `resources: {it: {config: {
		table: {env: TABLE}, text: {env: KEY}, number: 471100815, token: hunter2, list: [hunter2], map: {k: hunter2}, pointer: hunter2,
		nested: {deep: hunter2}, accounts: [{user: me, pass: hunter2}]}}}`)
	stored, err := c.LaunchJSON(run)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(stored, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"resources": map[string]any{"it": map[string]any{"config": map[string]any{
		"table": map[string]any{"env": "TABLE"}, "text": map[string]any{"env": "KEY"},
	}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := c.LaunchJSON(parse(t, "resources: {it: {config: {tabel: x}}}")); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "tabel") {
		t.Error(err)
	}
}
