package container_test

import (
	"os"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/container"
)

// TestAVariableThatChangesIsReadOnce changes a variable while containers are prepared. The
// field has one of its values, or the container is refused: a required field is never empty.
func TestAVariableThatChangesIsReadOnce(t *testing.T) {
	type config struct {
		A string `required:"true"`
	}
	t.Setenv("CHANGES_A", "text")
	opened := ""
	c := newContainer(t, container.Provide("one", func(c config) *resA { opened = c.A; return new(resA) },
		container.Config(config{}, container.FromEnv("CHANGES"))))
	end := make(chan struct{})
	var changes sync.WaitGroup
	changes.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				_ = os.Setenv("CHANGES_A", "")     //nolint:usetesting // it is restored by the first one
				_ = os.Setenv("CHANGES_A", "text") //nolint:usetesting // as above
			}
		}
	})
	defer changes.Wait()
	defer close(end)
	refers := container.RunConfig{Resources: map[string]any{"one": container.Fields{"a": container.Fields{"env": "CHANGES_A"}}}}
	for _, given := range []container.RunConfig{{}, refers} {
		for range 3_000 {
			prepared, err := c.Prepare(container.Launch(given), container.NeedsResources("one"))
			if err != nil {
				continue
			}
			child, err := prepared.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Close(nil); err != nil {
				t.Fatal(err)
			}
			if opened != "text" {
				t.Fatalf("the field is %q", opened)
			}
		}
	}
}
