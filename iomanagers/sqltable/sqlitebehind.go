package sqltable

import (
	"context"
	"database/sql/driver"
)

// executionBehind executes a statement in a goroutine of its own, while the one that uses it makes
// the values of the next execution. The statements are executed in their order. At most one waits
// for its end.
type executionBehind struct {
	full  chan []driver.NamedValue
	empty chan []driver.NamedValue
	ended chan struct{}

	// These are read when ended is closed.
	executed int                 // how many executions have succeeded
	err      error               // of the execution that failed
	refused  []driver.NamedValue // its arguments; nil if none failed
	fault    any                 // of a panic
}

// executeBehind begins. end has to be called, also after a panic.
func executeBehind(ctx context.Context, statement sqliteStatement, parameters int) *executionBehind {
	b := &executionBehind{
		full: make(chan []driver.NamedValue), empty: make(chan []driver.NamedValue, 2), ended: make(chan struct{}),
	}
	for range cap(b.empty) {
		args := make([]driver.NamedValue, parameters)
		for i := range args {
			args[i].Ordinal = i + 1
		}
		b.empty <- args
	}
	go b.run(ctx, statement)
	return b
}

func (b *executionBehind) run(ctx context.Context, statement sqliteStatement) {
	defer close(b.ended)
	defer func() { b.fault = recover() }()
	for args := range b.full {
		if b.err = statement.exec(ctx, args); b.err != nil {
			b.refused = args
			return
		}
		b.executed++
		for i := range args {
			args[i].Value = nil // it may be large
		}
		b.empty <- args
	}
}

// arguments waits for memory for the arguments of the next execution.
func (b *executionBehind) arguments() ([]driver.NamedValue, error) {
	select {
	case args := <-b.empty:
		return args, nil
	case <-b.ended:
		return nil, b.failure()
	}
}

// execute has a statement executed. Its error is that of an earlier one.
func (b *executionBehind) execute(args []driver.NamedValue) error {
	select {
	case b.full <- args:
		return nil
	case <-b.ended:
		return b.failure()
	}
}

// wait waits until nothing is executed.
func (b *executionBehind) wait() error {
	args, err := b.arguments()
	if err == nil {
		b.empty <- args
	}
	return err
}

// end waits for the end of all statements, and returns the error of the one that failed.
func (b *executionBehind) end() error {
	close(b.full)
	<-b.ended
	return b.failure()
}

func (b *executionBehind) failure() error {
	if b.fault != nil {
		panic(b.fault)
	}
	return b.err
}
