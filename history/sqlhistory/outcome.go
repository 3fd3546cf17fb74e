package sqlhistory

import "github.com/fxrun/fxrun/history"

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
