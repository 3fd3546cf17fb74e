package objectstore_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/bucket"
)

// loadOf loads the value of one run, and returns whether it was confirmed.
func loadOf(t *testing.T, m iomanagers.IOManager, runID string) (value string, confirmed bool, err error) {
	t.Helper()
	err = m.Load(t.Context(), iomanagers.Input{
		Asset: "orders", Format: "text", RunID: runID, MadeBy: runID, Confirm: func() { confirmed = true },
	}, &value)
	return value, confirmed, err
}

func storeOf(t *testing.T, m iomanagers.IOManager, runID, value string) {
	t.Helper()
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "orders", Format: "text", RunID: runID}, value); err != nil {
		t.Error(err)
	}
}

func TestAnObjectTellsItsRunToOtherManagers(t *testing.T) {
	t.Parallel()
	b := open(t, bucket.Config{URL: "mem://"})
	storeOf(t, manage(t, b, ""), "run 1/ü%", "one")
	other := manage(t, b, "")
	if value, confirmed, err := loadOf(t, other, "run 1/ü%"); value != "one" || !confirmed || err != nil {
		t.Errorf("the value of the run: %q, confirmed %v, %v", value, confirmed, err)
	}
	storeOf(t, other, "run 2", "two")
	value, confirmed, err := loadOf(t, other, "run 1/ü%")
	if !errors.Is(err, iomanagers.ErrReplaced) || confirmed || value != "" {
		t.Errorf("the value of a run that was replaced: %q, confirmed %v, %v", value, confirmed, err)
	}
	if want := "loading orders: " + iomanagers.Replaced("run 2").Error(); err == nil || err.Error() != want {
		t.Errorf("got the error %v, want %s", err, want)
	}
}

func TestAnObjectOfAnotherProgramHasNoRun(t *testing.T) {
	t.Parallel()
	b := open(t, bucket.Config{URL: "mem://"})
	if err := b.Write(t.Context(), "orders.txt", nil, func(w io.Writer) error { _, err := io.WriteString(w, "foreign"); return err }); err != nil {
		t.Fatal(err)
	}
	if _, confirmed, err := loadOf(t, manage(t, b, ""), "run-1"); !errors.Is(err, iomanagers.ErrReplaced) || confirmed {
		t.Errorf("confirmed %v, %v", confirmed, err)
	}
	if _, _, err := loadOf(t, manage(t, b, "empty"), "run-1"); !errors.Is(err, iomanagers.ErrNotFound) {
		t.Errorf("a missing object: %v", err)
	}
}

func TestAFolderKeepsNoRuns(t *testing.T) {
	t.Parallel()
	m := manage(t, open(t, bucket.Config{URL: filepath.Join(t.TempDir(), "lake")}), "")
	storeOf(t, m, "run-1", "one")
	if value, confirmed, err := loadOf(t, m, "run-1"); value != "one" || confirmed || err != nil {
		t.Errorf("%q, confirmed %v, %v", value, confirmed, err)
	}
}

func TestAConfirmedValueIsThatOfItsRunBesideStoresOfOthers(t *testing.T) {
	t.Parallel()
	b := open(t, bucket.Config{URL: "mem://"})
	storeOf(t, manage(t, b, ""), "run-0", "value of run-0")
	var storing, loading sync.WaitGroup
	ended := make(chan struct{})
	for i := range 3 {
		storing.Go(func() {
			m := manage(t, b, "")
			for range 100 {
				runID := fmt.Sprint("run-", i)
				storeOf(t, m, runID, "value of "+runID)
			}
		})
		loading.Go(func() {
			m := manage(t, b, "")
			runID := fmt.Sprint("run-", i)
			for {
				value, confirmed, err := loadOf(t, m, runID)
				if err != nil && !errors.Is(err, iomanagers.ErrReplaced) || err == nil && (!confirmed || value != "value of "+runID) {
					t.Errorf("the value of %s: %q, confirmed %v, %v", runID, value, confirmed, err)
				}
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	storing.Wait()
	close(ended)
	loading.Wait()
}
