package sqlhistory_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
)

// questions are what a program asks that waits for something.
var questions = map[string]func(ctx context.Context, store *sqlhistory.Store) (found int, err error){
	"queued runs": func(ctx context.Context, store *sqlhistory.Store) (int, error) {
		found, err := store.Runs(ctx, history.RunQuery{Statuses: []history.Status{history.StatusQueued}, OmitSteps: true})
		return len(found), err
	},
	"runs with a tag": func(ctx context.Context, store *sqlhistory.Store) (int, error) {
		found, err := store.Runs(ctx, history.RunQuery{Tags: map[string]string{"team": "data"}})
		return len(found), err
	},
	"entries of a kind": func(ctx context.Context, store *sqlhistory.Store) (int, error) {
		found, err := store.Entries(ctx, history.EntryQuery{Kinds: []string{"switched"}, Limit: 100})
		return len(found), err
	},
	"events after a position": func(ctx context.Context, store *sqlhistory.Store) (int, error) {
		found, reached, err := store.EventsAfter(ctx, 0, history.EventQuery{Types: []history.EventType{history.TypeRunQueued}, Limit: 10})
		if err == nil && len(found) > 0 && reached < int64(len(found)) {
			err = fmt.Errorf("%d events are found, and %d is reached", len(found), reached)
		}
		return len(found), err
	},
}

func tagged(run string) history.Event {
	return history.Event{RunID: run, Time: time.Now(), Data: history.RunQueued{Tags: map[string]string{"team": "data"}}}
}

func switched() history.Entry {
	return history.Entry{Journal: "sensor/a", Time: time.Now(), Kind: "switched", State: []byte("{}")}
}

// write appends what all questions look for.
func write(t *testing.T, store *sqlhistory.Store, run string) {
	t.Helper()
	if _, err := store.Append(t.Context(), tagged(run)); err != nil {
		t.Error(err)
	}
	if _, err := store.AppendEntries(t.Context(), switched()); err != nil {
		t.Error(err)
	}
}

func TestAQuestionThatFindsNothing(t *testing.T) {
	t.Parallel()
	for name, ask := range questions {
		t.Run(name+": is not asked again while nobody writes", func(t *testing.T) {
			t.Parallel()
			store := open(t, t.TempDir())
			reads := store.CountReads()
			for range 10 {
				if found, err := ask(t.Context(), store); found != 0 || err != nil {
					t.Fatalf("%d are found, %v", found, err)
				}
			}
			if reads() > 2 {
				t.Errorf("ten questions have read %d times", reads())
			}
		})
		t.Run(name+": finds what this program writes, and what another one does", func(t *testing.T) {
			t.Parallel()
			for who, other := range map[string]bool{"this program": false, "another one": true} {
				folder := t.TempDir()
				store := open(t, folder)
				writer := store
				if other {
					writer = open(t, folder)
				}
				for range 5 {
					if found, err := ask(t.Context(), store); found != 0 || err != nil {
						t.Fatalf("%d are found, %v", found, err)
					}
				}
				write(t, writer, "r1")
				if found, err := ask(t.Context(), store); found != 1 || err != nil {
					t.Errorf("after %s has written, %d are found, %v", who, found, err)
				}
			}
		})
		t.Run(name+": returns the errors of a context that has ended, and of a store that is closed", func(t *testing.T) {
			t.Parallel()
			store := open(t, t.TempDir())
			for range 3 {
				if _, err := ask(t.Context(), store); err != nil {
					t.Fatal(err)
				}
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := ask(ended, store); !errors.Is(err, context.Canceled) {
				t.Errorf("with a context that has ended it returns %v", err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := ask(t.Context(), store); err == nil {
				t.Error("a closed store answers")
			}
		})
		t.Run(name+": is answered rightly while others write", func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			store, writer := open(t, folder), open(t, folder)
			var asking sync.WaitGroup
			written := make(chan struct{})
			for range 4 {
				asking.Go(func() {
					for {
						select {
						case <-written:
							if found, err := ask(t.Context(), store); found != 1 || err != nil {
								t.Errorf("after the writing %d are found, %v", found, err)
							}
							return
						default:
						}
						if _, err := ask(t.Context(), store); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			write(t, writer, "r1")
			close(written)
			asking.Wait()
		})
	}
	t.Run("is another question with another limit or another text", func(t *testing.T) {
		t.Parallel()
		store := open(t, t.TempDir())
		write(t, store, "r1")
		for range 3 {
			if found, err := store.Runs(t.Context(), history.RunQuery{Job: "none"}); len(found) != 0 || err != nil {
				t.Fatalf("%d are found, %v", len(found), err)
			}
		}
		if found, err := store.Runs(t.Context(), history.RunQuery{}); len(found) != 1 || err != nil {
			t.Errorf("%d are found, %v", len(found), err)
		}
	})
}
