package cli

import (
	"context"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
)

// reading calls do with a session in which the history can be read. Of the
// application it starts only a history.Store that the definitions provide, with
// what that store needs. An interrupt ends it with errInterrupted.
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

// openToRead builds the application in such a way that a start of it starts the
// history.Store alone. What the constructors of the store and of what it needs
// append to the lifecycle comes first, and nothing is added to it afterwards.
func (p program) openToRead() (*session, error) {
	s := new(session)
	storeFirst := fx.Module("history to read", fx.Invoke(func(hostStore) { s.lifecycle.full = true }))
	return p.buildWithHistory(s, storeFirst)
}

// readingRun calls do with the store, and with the run that an ID, or the
// beginning of one, names.
func (p program) readingRun(cmd *cobra.Command, id string, do func(context.Context, history.Store, history.Record) error) error {
	return p.reading(cmd, func(ctx context.Context, s *session) error {
		record, err := s.inspect.FindRun(ctx, id)
		if err != nil {
			return err
		}
		return do(ctx, s.history(), record)
	})
}
