package inspect_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type (
	place  struct{ City string }
	flight struct {
		place

		ID   int       `json:"id"`
		When time.Time `json:"when"`
		Crew []string  `json:"crew"`
		From place     `json:"from"`
		Note string    `json:"note,omitempty"`
	}
	flights   []flight
	names     []string
	nobody    []flight
	document  string
	blob      []byte
	nested    struct{ A map[string]int }
	row       struct{ N int }
	secretive string
	million   iter.Seq2[row, error]
)

// MarshalText hides the text.
func (secretive) MarshalText() ([]byte, error) { return []byte("hidden"), nil }

// endless is an IO manager in memory. The stored value of the asset million is a stream of a
// million rows, of which it counts those that are read.
type endless struct {
	*iomanagers.MemoryManager
	read int
}

func (e *endless) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	batches, ok := dst.(*func(func([]row, error) bool))
	if !ok {
		return e.MemoryManager.Load(ctx, in, dst)
	}
	*batches = func(yield func([]row, error) bool) {
		for e.read < 1_000_000 {
			e.read++
			if !yield([]row{{e.read}}, nil) {
				return
			}
		}
	}
	return nil
}

// stored returns an inspector of assets that were made.
func stored(t *testing.T, list ...assets.Asset) (*inspect.Inspector, *runs.Launcher, *endless) {
	t.Helper()
	manager := &endless{MemoryManager: iomanagers.NewMemory()}
	c, err := container.New(container.Provide("io_manager", func() iomanagers.IOManager { return manager }))
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c, assets.Set(list...))
	if err != nil {
		t.Fatal(err)
	}
	store := history.NewMemoryStore()
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := launcher.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	s := shop{Inspector: inspect.New(c, graph, store), launcher: launcher}
	s.run(t, runs.Request{Selection: "*"})
	return s.Inspector, launcher, manager
}

func TestTheBeginningOfAValueIsShown(t *testing.T) {
	t.Parallel()
	one := flight{
		place: place{"Bern"}, ID: 1, When: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Crew: []string{"x", "y"}, From: place{"Lagos"},
		Note: strings.Repeat("ä", 300),
	}
	i, launcher, manager := stored(t,
		assets.New("flights", func() flights { return flights{one, {}} }),
		assets.New("names", func() names { return make(names, 21) }),
		assets.New("nobody", func() nobody { return nil }),
		assets.New("document", func() document { return document(strings.Repeat("ü", 30_000)) }),
		assets.New("blob", func() blob { return blob("a\xffb") }),
		assets.New("secretive", func() secretive { return "hunter2" }),
		assets.New("nested", func() nested { return nested{map[string]int{"b": 2, "a": 1}} }),
		assets.New("million", func() million { return func(func(row, error) bool) {} }),
	)
	columns := []string{"id", "when", "crew", "from", "note", "City"}
	for name, want := range map[string]inspect.ValuePreview{
		"flights": {Columns: columns, Rows: [][]string{
			{"1", "2026-01-02T03:04:05Z", `["x","y"]`, `{"City":"Lagos"}`, strings.Repeat("ä", 200) + "…", "Bern"},
			{"0", "0001-01-01T00:00:00Z", "", `{"City":""}`, "", ""},
		}},
		"names":     {Columns: []string{"value"}, Rows: slicesOf(20, []string{""}), Cut: true},
		"nobody":    {Columns: columns},
		"document":  {Text: strings.Repeat("ü", 20_000), Cut: true},
		"blob":      {Text: "a\uFFFDb"},
		"secretive": {Text: `"hidden"`},
		"nested":    {Text: "{\n  \"A\": {\n    \"a\": 1,\n    \"b\": 2\n  }\n}"},
	} {
		t.Run("of "+name, func(t *testing.T) {
			want.Key = name
			got, err := i.PreviewValue(t.Context(), launcher, name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, sorted(got, columns)); diff != "" {
				t.Errorf("the preview differs (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("of a million rows, without reading the most of them", func(t *testing.T) {
		got, err := i.PreviewValue(t.Context(), launcher, "million")
		if err != nil || len(got.Rows) != 20 || !got.Cut {
			t.Fatalf("got %+v, %v", got, err)
		}
		if manager.read > 100 {
			t.Errorf("%d rows were read", manager.read)
		}
	})
	t.Run("of an unknown asset there is none", func(t *testing.T) {
		if _, err := i.PreviewValue(t.Context(), launcher, "flihgts"); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "flights") {
			t.Error(err)
		}
	})
}

// sorted puts the columns of a preview into a certain order.
func sorted(preview inspect.ValuePreview, columns []string) inspect.ValuePreview {
	if len(preview.Columns) != len(columns) {
		return preview
	}
	at := make(map[string]int)
	for n, name := range preview.Columns {
		at[name] = n
	}
	for n, texts := range preview.Rows {
		ordered := make([]string, len(columns))
		for m, name := range columns {
			ordered[m] = texts[at[name]]
		}
		preview.Rows[n] = ordered
	}
	preview.Columns = columns
	return preview
}

func slicesOf[T any](n int, value T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = value
	}
	return list
}

func TestThereIsNoPreviewOfWhatIsNotStored(t *testing.T) {
	t.Parallel()
	i, launcher, manager := stored(t, assets.New("flights", func() flights { return nil }))
	fresh := iomanagers.NewMemory()
	manager.MemoryManager = fresh
	if _, err := i.PreviewValue(t.Context(), launcher, "flights"); !errors.Is(err, iomanagers.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestTheColumnsOfAnAssetComeFromItsType(t *testing.T) {
	t.Parallel()
	i, _, _ := stored(t,
		assets.New("flights", func() flights { return nil }), assets.New("million", func() million { return func(func(row, error) bool) {} }),
		assets.New("document", func() document { return "" }), assets.New("nothing", func() error { return nil }))
	for name, want := range map[string][]inspect.RowField{
		"million": {{Name: "N", Type: "int"}}, "document": {}, "nothing": {}, "unknown": {},
	} {
		if diff := cmp.Diff(want, i.RowFields(name)); diff != "" {
			t.Errorf("the columns of %s differ (-want +got):\n%s", name, diff)
		}
	}
	if got := i.RowFields("flights"); len(got) != 6 || got[len(got)-1].Type == "" {
		t.Errorf("the columns of flights are %+v", got)
	}
}
