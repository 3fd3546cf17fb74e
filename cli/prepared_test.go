package cli_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// readings counts how often a config is read from the environment and how often
// it is validated, by the text that it holds.
type readings struct {
	mu    sync.Mutex
	lines map[string]int
}

func (r *readings) note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines[line]++
}

// reads is used by one test: envconfig makes the value that decodes.
var reads = readings{lines: make(map[string]int)}

type countedText string

func (t *countedText) Decode(text string) error {
	reads.note("decode " + text)
	*t = countedText(text)
	return nil
}

type countedConfig struct {
	Text countedText `required:"true"`
}

func (c countedConfig) Validate() error {
	reads.note("validate " + string(c.Text))
	return nil
}

type countedResource struct{ text countedText }

func TestRunChecksTheLaunchOnce(t *testing.T) {
	newHome(t)
	names := []string{"run", "step", "orders"}
	for _, name := range names {
		t.Setenv("COUNTED_"+strings.ToUpper(name)+"_TEXT", name)
	}
	var got []string
	definitions := []fx.Option{
		container.Provide("run", func(c countedConfig) *countedResource { return &countedResource{c.Text} },
			container.Config(countedConfig{}, container.FromEnv("COUNTED_RUN"))),
		container.Provide("step", func(c countedConfig, of *countedResource) countedResource {
			return countedResource{of.text + " " + c.Text}
		},
			container.PerStep(), container.Config(countedConfig{}, container.FromEnv("COUNTED_STEP"))),
		assets.New("orders", func(c countedConfig, of countedResource) error {
			got = append(got, string(of.text+" "+c.Text))
			return nil
		}, assets.Config(countedConfig{}, container.FromEnv("COUNTED_ORDERS"))),
		fx.Invoke(func(lc fx.Lifecycle) {
			lc.Append(fx.Hook{OnStart: func(context.Context) error { // after the check, before the run
				for _, name := range names {
					t.Setenv("COUNTED_"+strings.ToUpper(name)+"_TEXT", "changed")
				}
				return nil
			}})
		}),
	}
	succeed(t, definitions, "run", "--select", "orders")
	if diff := cmp.Diff([]string{"run step orders"}, got); diff != "" {
		t.Errorf("what ran (-want +got):\n%s", diff)
	}
	want := make(map[string]int)
	for _, name := range names {
		want["decode "+name], want["validate "+name] = 1, 1
	}
	if diff := cmp.Diff(want, reads.lines); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}
