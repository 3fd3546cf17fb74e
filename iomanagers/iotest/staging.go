package iotest

import (
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

// stagedIsNotSeen holds a manager that is an iomanagers.Stager to what staging is for.
func stagedIsNotSeen(t *testing.T, s Subject) {
	stager, ok := s.Manager.(iomanagers.Stager)
	if !ok || !stager.Stages(s.Manager) {
		t.Skip("the manager is no iomanagers.Stager")
	}
	old := s.Value(0)
	s.store(t, "orders", "", old)
	stage := func(asset string, value any) iomanagers.Staged {
		t.Helper()
		staged, err := stager.Stage(t.Context(), s.output(asset, "", value), value)
		if err != nil {
			t.Fatalf("Stage: %v", err)
		}
		return staged
	}

	discarded, unseen := stage("orders", s.Value(1)), stage("never stored", s.Value(2))
	s.expect(t, "orders", "", old)
	s.expectMissing(t, "never stored", "")
	for _, staged := range []iomanagers.Staged{discarded, unseen} {
		if err := staged.Discard(); err != nil {
			t.Errorf("Discard: %v", err)
		}
	}
	s.expect(t, "orders", "", old)
	s.expectMissing(t, "never stored", "")
	var names []string
	if s.Names != nil {
		names = s.Names(t)
	}

	if err := stage("orders", s.Value(3)).Commit(); err != nil {
		t.Errorf("Commit: %v", err)
	}
	s.expect(t, "orders", "", s.Value(3))
	s.expectNames(t, names)
}
