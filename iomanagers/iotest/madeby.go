package iotest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

// otherRunIsNotConfirmed stores a value in two runs, and asks for the value of each.
func otherRunIsNotConfirmed(t *testing.T, s Subject) {
	partitions := []string{""}
	if s.Can&Partitions != 0 {
		partitions = append(partitions, "2026-01-02")
	}
	for _, partition := range partitions {
		for i, run := range []string{"run-1", "run-2", "run-1", "run 3%/ü"} {
			value := s.Value(i)
			out := s.output("orders", partition, value)
			out.RunID = run
			if err := s.Manager.Store(t.Context(), out, value); err != nil {
				t.Fatalf("Store: %v", err)
			}
			for _, wanted := range []string{"run-1", "run-2", "run 3%/ü", "run"} {
				s.expectOf(t, partition, value, wanted, run == wanted)
			}
			s.expect(t, "orders", partition, value)
		}
	}
}

// expectOf loads the value that one run has made; it stands if that run has stored it last.
func (s Subject) expectOf(t *testing.T, partition string, value any, run string, stands bool) {
	t.Helper()
	confirmed := false
	dst := reflect.New(reflect.TypeOf(value))
	err := s.Manager.Load(t.Context(), iomanagers.Input{
		Asset: "orders", Partition: partition, RunID: run, Format: s.Format, Type: dst.Type().Elem(),
		MadeBy: run, Confirm: func() { confirmed = true },
	}, dst.Interface())
	switch {
	case stands && err != nil:
		t.Errorf("loading the value of run %q, which is stored, gives error %v", run, err)
	case stands && !equal(value, dst.Elem().Interface()):
		t.Errorf("loading the value of run %q gives another value", run)
	case !stands && confirmed:
		t.Errorf("a Load that wants the value of run %q confirms the value of another run", run)
	case !stands && err != nil && !errors.Is(err, iomanagers.ErrReplaced):
		t.Errorf("loading the value of run %q, which is replaced, gives error %v, want iomanagers.ErrReplaced", run, err)
	case !stands && err != nil && !dst.Elem().IsZero():
		t.Errorf("the failing Load has changed the destination")
	}
}
