package inspect_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	field := &container.FieldError{Path: "steps.it.config.limit", Line: 2, Column: 5, Value: "many", Message: "expected a number"}
	several := fault.Join("checking", []error{errors.New("first"), fmt.Errorf("job nightly: %w", field)})
	want := []inspect.Fault{
		{Message: "first"},
		{Message: "job nightly: steps.it.config.limit (line 2, column 5): expected a number", Path: "steps.it.config.limit", Line: 2, Column: 5, Value: "many"},
	}
	if diff := cmp.Diff(want, inspect.Faults(several)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := inspect.Faults(errors.New("one of another kind")); got == nil || len(got) != 0 {
		t.Errorf("got %#v, want a list without faults", got)
	}
}
