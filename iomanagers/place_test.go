package iomanagers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
)

// shelf is a place in memory, whose objects can only be read from the start.
type shelf struct {
	mu      sync.Mutex
	objects map[string][]byte
	open    int   // drafts and contents
	refuse  error // of every Commit, which stores nothing
	stored  error // of every Commit, which stores all the same
	remove  error // of every Remove, which removes nothing
}

func (s *shelf) Path(name string) string { return "shelf://" + name }

func (s *shelf) Create(_ context.Context, name string) (iomanagers.Draft, error) {
	s.count(1)
	return &shelfDraft{shelf: s, name: name}, nil
}

func (s *shelf) Open(_ context.Context, name string) (iomanagers.Content, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.objects[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	s.open++
	return &shelfContent{Reader: bytes.NewBuffer(data), size: int64(len(data)), shelf: s}, nil
}

func (s *shelf) Remove(_ context.Context, names ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.remove != nil {
		return s.remove
	}
	for _, name := range names {
		delete(s.objects, name)
	}
	return nil
}

func (s *shelf) count(change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += change
}

func (s *shelf) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

type shelfDraft struct {
	bytes.Buffer
	shelf *shelf
	name  string
}

func (d *shelfDraft) Commit() error {
	d.shelf.mu.Lock()
	defer d.shelf.mu.Unlock()
	d.shelf.open--
	if d.shelf.refuse != nil {
		return d.shelf.refuse
	}
	d.shelf.objects[d.name] = d.Bytes()
	return d.shelf.stored
}

func (d *shelfDraft) Abort() error { d.shelf.count(-1); return nil }

type shelfContent struct {
	io.Reader
	size  int64
	shelf *shelf
}

func (c *shelfContent) Size() int64  { return c.size }
func (c *shelfContent) Close() error { c.shelf.count(-1); return nil }

func newShelf() *shelf { return &shelf{objects: map[string][]byte{}} }

func TestCodecManagerOverAPlaceOfOnesOwn(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"", "gob", "csv"} {
		t.Run("format "+format, func(t *testing.T) {
			t.Parallel()
			iotest.Run(t, func(t *testing.T) iotest.Subject {
				place := newShelf()
				open := func(t *testing.T) iomanagers.IOManager {
					m, err := iomanagers.NewCodecManager(place, everyCodec()...)
					if err != nil {
						t.Fatal(err)
					}
					return m
				}
				t.Cleanup(func() {
					if place.open != 0 {
						t.Errorf("%d drafts and contents are left open", place.open)
					}
				})
				return iotest.Subject{
					Manager: open(t),
					Can:     iotest.Partitions | iotest.Streams,
					Format:  format,
					Reopen:  open,
					Names:   func(*testing.T) []string { return place.names() },
				}
			})
		})
	}
}

func TestAPlaceThatRefusesKeepsTheOtherFormats(t *testing.T) {
	t.Parallel()
	place := newShelf()
	m, err := iomanagers.NewCodecManager(place)
	if err != nil {
		t.Fatal(err)
	}
	store(t, m, iomanagers.Output{Asset: "orders", Format: "csv"}, []order{{1, "tea"}})
	place.refuse = errors.New("the shelf is full")
	facts := map[string]any{}
	err = m.Store(t.Context(), iomanagers.Output{Asset: "orders", Format: "json", Metadata: facts}, []order{{2, "milk"}})
	if !errors.Is(err, place.refuse) || len(facts) > 0 || !slices.Equal(place.names(), []string{"orders.csv"}) || place.open != 0 {
		t.Errorf("error %v, metadata %v, objects %q, %d open", err, facts, place.names(), place.open)
	}
}

func TestWhatFailsAfterTheValueIsStoredIsAWarning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		place func(*shelf)
		want  string
	}{
		"a place that can't keep it for sure": {
			func(s *shelf) { s.stored = &iomanagers.StoredError{Err: errors.New("the shelf is shaky")} },
			"the shelf is shaky",
		},
		"other formats that can't be removed": {
			func(s *shelf) { s.remove = errors.New("glued on") },
			"removing the earlier value in other formats: glued on",
		},
		"both": {
			func(s *shelf) {
				s.stored, s.remove = &iomanagers.StoredError{Err: errors.New("the shelf is shaky")}, errors.New("glued on")
			},
			"the shelf is shaky\nremoving the earlier value in other formats: glued on",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := newShelf()
			m, err := iomanagers.NewCodecManager(place)
			if err != nil {
				t.Fatal(err)
			}
			store(t, m, iomanagers.Output{Asset: "orders", Format: "csv"}, []order{{1, "tea"}})
			c.place(place)
			facts := map[string]any{}
			err = m.Store(t.Context(), iomanagers.Output{Asset: "orders", Format: "json", Metadata: facts}, []order{{2, "milk"}})
			if err != nil || facts["warning"] != c.want || facts["rows"] != 1 {
				t.Errorf("error %v, metadata %v, want the warning %q", err, facts, c.want)
			}
			var loaded []order
			if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: "json"}, &loaded); err != nil || len(loaded) != 1 || loaded[0].ID != 2 {
				t.Errorf("what is stored is %v, %v", loaded, err)
			}
		})
	}
}

func TestAPlaceThatDoesNotKnowSaysSo(t *testing.T) {
	t.Parallel()
	place := newShelf()
	m, err := iomanagers.NewCodecManager(place)
	if err != nil {
		t.Fatal(err)
	}
	place.stored = fmt.Errorf("%w: no answer", iomanagers.ErrUnknownOutcome)
	err = m.Store(t.Context(), iomanagers.Output{Asset: "orders"}, []order{{2, "milk"}})
	want := "storing orders: it is not known whether the value is stored: no answer"
	if !errors.Is(err, iomanagers.ErrUnknownOutcome) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
