package iomanagers_test

import (
	"fmt"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// tagged is a row that refers to other memory in many ways.
type tagged struct {
	ID   int
	Note *string
	Tags []string
	Any  map[string]any
}

// taggedAgain uses the memory of one row for n of them.
func taggedAgain(n int) iter.Seq2[*tagged, error] {
	return func(yield func(*tagged, error) bool) {
		row := tagged{Note: new(string), Any: map[string]any{}}
		for i := range n {
			row.ID, *row.Note = i, fmt.Sprint("note ", i)
			row.Tags = append(row.Tags[:0], fmt.Sprint("tag ", i))
			row.Any["id"] = fmt.Sprint(i)
			if !yield(&row, nil) {
				return
			}
		}
		row = tagged{}
	}
}

func TestRowsWhoseMemoryIsUsedAgainAreStoredAsTheyWereYielded(t *testing.T) {
	t.Parallel()
	const n = 1500
	var want []tagged
	for row := range taggedAgain(n) {
		want = append(want, tagged{row.ID, new(*row.Note), []string{row.Tags[0]}, map[string]any{"id": row.Any["id"]}})
	}
	files := newFiles(t, t.TempDir())
	for name, m := range map[string]struct {
		manager iomanagers.IOManager
		format  string
	}{
		"json": {files, "json"}, "jsonl": {files, "jsonl"}, "memory": {iomanagers.NewMemory(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for form, value := range map[string]any{"a stream": taggedAgain(n), "a Seq": rows.Seq[*tagged](taggedAgain(n))} {
				store(t, m.manager, iomanagers.Output{Asset: name, Format: m.format}, value)
				var got []tagged
				if err := m.manager.Load(t.Context(), iomanagers.Input{Asset: name, Format: m.format}, &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", form, diff)
				}
			}
		})
	}
}

func TestRowsThatAreKeptOneByOneAreReadInBatches(t *testing.T) {
	t.Parallel()
	m := iomanagers.NewMemory()
	store(t, m, iomanagers.Output{Asset: "all"}, taggedAgain(1500))
	var loaded iter.Seq2[[]*tagged, error]
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "all"}, &loaded); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for batch, err := range loaded {
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(batch))
	}
	if want := []int{1024, 476}; !cmp.Equal(sizes, want) {
		t.Errorf("the batches have %v rows, want %v", sizes, want)
	}
}
