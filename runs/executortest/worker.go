package executortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"github.com/fxrun/fxrun/runs"
)

// setting is what another process must know to make the definitions of a run.
type setting struct {
	Clause      string
	MaxParallel int
	Values      string // the folder of values
}

func settingOf(subject Subject, values string) string {
	text, err := json.Marshal(setting{subject.clause, subject.MaxParallel, values})
	if err != nil { // never: these are texts and a number
		panic(err)
	}
	return string(text)
}

// Worker returns a launcher with the definitions of a run of the suite, for a process
// that executes steps of this run. setting is what Subject.InProcesses has got. The
// caller closes the launcher.
func Worker(text string) (*runs.Launcher, error) {
	var of setting
	if err := json.Unmarshal([]byte(text), &of); err != nil {
		return nil, fmt.Errorf("reading the setting of a run: %w", err)
	}
	for _, clause := range clauses() {
		if clause.name == of.Clause {
			b := new(builder)
			return b.build(clause, Subject{MaxParallel: of.MaxParallel, values: of.Values})
		}
	}
	return nil, fmt.Errorf("there is no clause %q", of.Clause)
}

// builder is a tester that only has the launcher of a clause made.
type builder struct {
	launcher *runs.Launcher
	errs     []error
}

func (b *builder) build(clause clause, subject Subject) (*runs.Launcher, error) {
	subject.capture = func(launcher *runs.Launcher) { b.launcher = launcher }
	done := make(chan struct{})
	go func() { // of its own, because the clause ends it
		defer close(done)
		clause.of(b, subject)
	}()
	<-done
	if b.launcher == nil {
		b.errs = append(b.errs, errors.New("the clause launches no run"))
	}
	return b.launcher, errors.Join(b.errs...)
}

func (b *builder) Helper()                  {}
func (b *builder) Context() context.Context { return context.Background() }
func (b *builder) TempDir() string          { return "" }

func (b *builder) Errorf(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

func (b *builder) Fatalf(format string, args ...any) {
	b.Errorf(format, args...)
	runtime.Goexit()
}
