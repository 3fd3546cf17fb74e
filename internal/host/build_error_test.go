package host_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/host/internal/container"
)

func newContainer(int8) *container.Container { return nil }

func newNumber(*container.Container) int8 { return 0 }

var file = regexp.MustCompile(`\(\S+\.go:\d+\)`)

func TestBuildError(t *testing.T) {
	t.Parallel()
	t.Run("shows a cycle through a host's own type that is called as one of fxrun's", func(t *testing.T) {
		t.Parallel()
		err := host.BuildError("building the application", fx.New(host.Quiet, fx.Provide(newContainer, newNumber), fx.Invoke(func(int8) {})).Err())
		const want = `building the application: there is a cycle: func(int8) *container.Container provided by "github.com/fxrun/fxrun/internal/host_test".newContainer (FILE)
	depends on func(*container.Container) int8 provided by "github.com/fxrun/fxrun/internal/host_test".newNumber (FILE)
	depends on func(int8) *container.Container provided by "github.com/fxrun/fxrun/internal/host_test".newContainer (FILE)`
		if diff := cmp.Diff(want, file.ReplaceAllString(err.Error(), "(FILE)")); diff != "" {
			t.Error(diff)
		}
	})
}
