//go:build linux

package faulttest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

// TestMain is also the main function of the processes that the suite starts, and of those that
// these start to execute steps.
func TestMain(m *testing.M) {
	var err error
	role := os.Getenv(roleVariable)
	if role != "" {
		signal.Ignore(syscall.SIGXFSZ) // a file that may not grow is an error of the call that writes to it
	}
	switch {
	case role == "":
		goleak.VerifyTestMain(m)
		return
	case processes.Asked():
		err = processes.Work(context.Background(), os.Args, func(_ context.Context, execute func(*runs.Launcher) error) error {
			own, err := newProgram("")
			if err != nil {
				return err
			}
			return errors.Join(execute(own.Launcher), own.close())
		})
	default:
		err = play(role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
