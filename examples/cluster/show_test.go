package main

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/internal/temporaltest"
)

// TestMain is also the main function of the processes that the show starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		cli.Main(Definitions())
	}
	os.Exit(m.Run())
}

func TestTheRunFinishesWithoutTheWorkerThatWasKilled(t *testing.T) {
	var out bytes.Buffer
	err := show(t.Context(), &out, false)
	if missing := errors.Is(err, temporaltest.ErrNotInstalled) || errors.Is(err, postgrestest.ErrNotInstalled); missing && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		"executes the step flights: killing it", "the run has succeeded", "which executed it, was lost", "the run in fxrun:", "the run in Temporal:",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the show does not say %q:\n%s", want, out.String())
		}
	}
}

// The definitions are those of a program on one machine too.
func TestTheDefinitionsAreGood(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	t.Setenv("BUCKET_URL", "mem://")
	t.Setenv("CARRIER_URL", "http://127.0.0.1:1")
	var out bytes.Buffer
	code := cli.Run(t.Context(), []string{"run", "--job", "nightly", "--dry-run"}, cli.Streams{Out: &out, Err: &out}, Definitions())
	if code != 0 {
		t.Errorf("exit code %d:\n%s", code, out.String())
	}
}
