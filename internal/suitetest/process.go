package suitetest

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Broken is a subject that breaks one clause of a suite.
type Broken struct {
	Name   string // what the subject does wrong
	Clause string // the clause that must fail on it
	// Run runs the suite over the subject. It may skip all clauses but this one, see
	// Only.
	Run func(t *testing.T)
}

// Only skips the test of a clause unless it is this one.
func Only(t *testing.T, clause string) {
	t.Helper()
	if !strings.HasSuffix(t.Name(), "/"+testName(clause)) {
		t.Skip("not the clause that must fail")
	}
}

// inside is set in the environment of the process in which clauses fail.
const inside = "FXRUN_TEST_BROKEN_SUBJECTS"

// EachFails runs the calling test again in another process, where it runs the suite
// over each broken subject, and reports subjects on which their clause did not fail.
// The calling test must be a test of its own, and no subtest.
func EachFails(t *testing.T, broken []Broken) {
	t.Helper()
	if os.Getenv(inside) != "" {
		for _, b := range broken {
			t.Run(b.Name, b.Run)
		}
		return
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), inside+"=1")
	output, err := command.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		t.Fatalf("the suite over broken subjects ends with %v:\n%s", err, output)
	}
	failures := failed(string(output), t.Name())
	for _, b := range broken {
		if !slices.Contains(failures, testName(b.Name)+"/"+testName(b.Clause)) {
			t.Errorf("the subject that %s passes the clause %q", b.Name, b.Clause)
		}
	}
	if t.Failed() {
		t.Logf("the suite over broken subjects printed:\n%.20000s", output)
	}
}

// failed returns the names of the subtests that failed.
func failed(output, test string) []string {
	var names []string
	for line := range strings.Lines(output) {
		if name, found := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "+test+"/"); found {
			name, _, _ = strings.Cut(name, " (")
			names = append(names, name)
		}
	}
	return names
}

// testName is how package testing writes the name of a subtest.
func testName(name string) string { return strings.ReplaceAll(name, " ", "_") }
