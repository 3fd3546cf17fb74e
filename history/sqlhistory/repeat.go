package sqlhistory

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

func (s *Store) canRepeat(err error) bool { return s.db.CanRepeat != nil && s.db.CanRepeat(err) }

// repeatCalls writes calls whose transaction has failed again, on a new connection, until
// this succeeds or the patience of the database ends. If the database may have committed
// the transaction before the connection was lost, it looks first whether the events are
// there: an event without a sequence number would otherwise be stored twice.
func (s *Store) repeatCalls(calls []*call) error {
	err := s.db.Patiently(context.Background(), func() error {
		if err := s.begin(); err != nil {
			return err
		}
		if !s.unknown {
			return s.tryCalls(calls)
		}
		stored, err := s.areStored(calls)
		if err != nil {
			s.rollBack()
			return err
		}
		s.unknown = false
		if !stored {
			return s.tryCalls(calls)
		}
		s.rollBack()
		return nil
	})
	if err != nil && s.unknown {
		s.unknown = false
		return &unknownOutcomeError{err}
	}
	return err
}

// areStored reports whether the database has all events of the calls at the places that
// the last attempt has given them. A transaction is stored as a whole, so it has all of
// them or lacks those that the attempt would have added. While a transaction is open, no
// earlier one can end any more.
func (s *Store) areStored(calls []*call) (bool, error) {
	w := &write{store: s, changes: make(map[string]*change)}
	for _, one := range calls {
		if one.err != nil { // it was refused, or its context had ended
			continue
		}
		for i, event := range one.events {
			if event.Type() == history.TypeStepProgress {
				continue // it is in no log, and its step may have ended since
			}
			run, err := w.run(event.RunID)
			if err != nil {
				return false, err
			}
			if event.Seq > run.fold.Record().Seq {
				return false, nil
			}
			if differs, err := w.compare(run, event, one.fields[i]); differs != nil || err != nil {
				return false, err
			}
		}
		for _, entry := range one.entries {
			if same, err := w.hasEntry(entry); !same || err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// unknownOutcomeError says that a transaction may have been stored or not.
type unknownOutcomeError struct{ err error }

func (u *unknownOutcomeError) Error() string   { return ErrOutcomeUnknown.Error() + ": " + u.err.Error() }
func (u *unknownOutcomeError) Unwrap() []error { return []error{ErrOutcomeUnknown, u.err} }
