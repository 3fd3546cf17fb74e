package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Of two hundred pages only some are in memory when the last one is fetched.
func TestFlightsAreStoredAsTheyCome(t *testing.T) {
	const pages = 200
	alive := 0
	launcher, _ := start(t, instead(fakeCarrier{func(yield func([]delays.Flight, error) bool) {
		if !yield(nil, nil) { // a page may be empty
			return
		}
		var yielded []weak.Pointer[delays.Flight]
		for range pages {
			flights := page(0)
			yielded = append(yielded, weak.Make(&flights[0]))
			if !yield(flights, nil) {
				return
			}
		}
		runtime.GC()
		for _, flight := range yielded {
			if flight.Value() != nil {
				alive++
			}
		}
	}}))
	rows := int64(0)
	request := runs.Request{Selection: "flights", Observe: func(event history.Event) {
		if progress, ok := event.Data.(history.StepProgress); ok {
			rows = progress.Rows
		}
	}}
	if _, err := run(t, launcher, request); err != nil {
		t.Fatal(err)
	}
	if rows != pages*100 {
		t.Errorf("its progress ends at %d rows", rows)
	}
	if alive > 10 {
		t.Errorf("%d of %d pages were in memory", alive, pages)
	}
	if flights := value[[]delays.Flight](t, launcher, "flights"); len(flights) != pages*100 {
		t.Errorf("%d flights were stored", len(flights))
	}
}

// Time in the bubble passes as soon as everything waits, so that the waits
// before further attempts cost none.
func TestAStreamThatBreaksHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := 0 // so many times more
		delay := 10
		launcher, home := start(t, instead(fakeCarrier{func(yield func([]delays.Flight, error) bool) {
			if !yield(page(delay), nil) {
				return
			}
			if broken > 0 {
				broken--
				yield(nil, errors.New("the line is cut"))
				return
			}
			yield(page(delay), nil)
		}}))
		fetch := func() (attempts int, err error) {
			record, err := run(t, launcher, runs.Request{Selection: "flights"})
			step, _ := record.Step("flights")
			return step.Attempt, err
		}
		if _, err := fetch(); err != nil {
			t.Fatal(err)
		}
		before := value[[]delays.Flight](t, launcher, "flights")
		if len(before) != 200 {
			t.Fatalf("%d flights were stored", len(before))
		}

		broken, delay = 3, 20
		attempts, err := fetch()
		if attempts != 3 || err == nil || !strings.Contains(err.Error(), "the line is cut") {
			t.Errorf("%d attempts, error %v", attempts, err)
		}
		if diff := cmp.Diff(before, value[[]delays.Flight](t, launcher, "flights")); diff != "" {
			t.Errorf("the stored flights changed (-before +after):\n%s", diff)
		}
		if files := filesIn(t, home); !cmp.Equal(files, []string{"values/flights.jsonl"}) {
			t.Errorf("it left %q", files)
		}

		broken, delay = 1, 30
		if attempts, err := fetch(); attempts != 2 || err != nil {
			t.Errorf("where the first attempt breaks: %d attempts, error %v", attempts, err)
		}
		if after := value[[]delays.Flight](t, launcher, "flights"); len(after) != 200 || after[0].Delay != 30 {
			t.Errorf("%d flights were stored, the first is %+v", len(after), after[0])
		}
	})
}

// filesIn lists the files of a folder and of those within.
func filesIn(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
