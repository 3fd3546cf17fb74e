package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/fxrun/fxrun/runs"
)

type runExecutor struct{ remote }

func (x runExecutor) Execute(ctx context.Context, execution *runs.Execution) error {
	request, err := execution.WholeRequest()
	if err != nil {
		return err
	}
	by := newStarter()
	defer by.close()
	p := &process{config: x.config, execution: execution}
	got := p.execute(ctx, by, os.Environ(), task{Request: request, Secrets: request.Secrets, MaxParallel: x.config.MaxParallel})
	if got.died {
		got.err = fmt.Errorf("executing the run: %w", got.err)
		execution.EndSteps(ctx, got.err)
	}
	return withoutCause(ctx, got.err)
}

// withoutCause returns an error without the cause of the end of ctx at its beginning.
// The process was told the cause, and whoever has ended ctx adds it to the error.
func withoutCause(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	rest, ok := strings.CutPrefix(err.Error(), context.Cause(ctx).Error())
	switch {
	case !ok:
		return err
	case rest == "":
		return nil
	}
	return errors.New(strings.TrimPrefix(rest, "\n"))
}
