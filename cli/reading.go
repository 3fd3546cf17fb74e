package cli

import (
	"context"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
)

// reading calls do with a session that can read the history. If the definitions
// provide a history.Store, it starts this store and what the store needs, and no
// other part of the application. After an interrupt it returns errInterrupted.
func (p program) reading(cmd *cobra.Command, do func(context.Context, *session) error) (err error) {
	interrupts := listen(cmd.Context())
	defer interrupts.close()
	s, err := interrupts.open(p.openToRead)
	if err != nil {
		return err
	}
	defer func() { err = s.closeAfter(cmd, interrupts, err) }()
	if s.ownStore {
		if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
	}
	return interrupts.leaving(func(ctx context.Context) error { return do(ctx, s) })
}

// openToRead builds the application so that its start starts only the
// history.Store. The constructors of the store, and of what the store needs, are
// called first, and append their hooks. Start hooks that other constructors append
// later are ignored.
func (p program) openToRead() (*session, error) {
	s := new(session)
	storeFirst := fx.Module("history to read", fx.Invoke(func(hostStore) { s.lifecycle.full = true }))
	return p.buildWithHistory(s, storeFirst)
}

// readingRun calls do with a run. id is the ID of the run, or the
// beginning of the ID.
func (p program) readingRun(cmd *cobra.Command, id string, do func(context.Context, runSource, history.Record) error) error {
	return p.readingRuns(cmd, func(ctx context.Context, source runSource) error {
		record, err := source.reader().FindRun(ctx, id)
		if err != nil {
			return err
		}
		return do(ctx, source, record)
	})
}
