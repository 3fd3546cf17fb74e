package rows_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/fxrun/fxrun/rows"
)

type (
	inner struct {
		Note *string
		Tags []string
	}
	// refers is a row of which all that it refers to can be copied.
	refers struct {
		inner
		ID     int
		At     time.Time
		From   netip.Addr
		Counts map[string][]int
		Pair   [2]*int
		Parts  []inner
		Text   json.RawMessage
	}
	tree struct {
		ID    int
		Child *tree
	}
)

// reused yields n rows, and changes the memory of each after the yield. set makes row i.
func reused[T any](n int, row T, set func(row *T, i int)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for i := range n {
			set(&row, i)
			if !yield(row, nil) {
				return
			}
		}
		set(&row, -1)
	}
}

func setRefers(r *refers, i int) {
	*r.Note = fmt.Sprint("note ", i)
	r.Tags = append(r.Tags[:0], fmt.Sprint("tag ", i), "all")
	r.ID, r.At, r.From = i, time.Unix(int64(i), 0).UTC(), netip.AddrFrom4([4]byte{10, 0, 0, byte(i)})
	clear(r.Counts)
	r.Counts["a"] = []int{i}
	r.Counts[fmt.Sprint(i)] = nil
	*r.Pair[0] = i
	*r.Parts[0].Note = fmt.Sprint("part ", i)
	r.Text = append(r.Text[:0], fmt.Sprint(i)...)
}

func newRefers() refers {
	return refers{inner: inner{Note: new(string)}, Counts: map[string][]int{}, Pair: [2]*int{new(int)}, Parts: []inner{{Note: new(string)}, {}}}
}

func TestASequenceMayUseTheMemoryOfItsRowsAgain(t *testing.T) {
	t.Parallel()
	t.Run("rows behind pointers", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 3, func() *row { return new(row) }, func(r **row, i int) { (*r).ID = i })
	})
	t.Run("rows behind pointers to pointers", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 3, func() **int { p := new(int); return &p }, func(r ***int, i int) { ***r = i })
	})
	t.Run("rows that refer to memory in many ways", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 3, newRefers, setRefers)
	})
	t.Run("pointers to such rows", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 3, func() *refers { r := newRefers(); return &r }, func(r **refers, i int) { setRefers(*r, i) })
	})
	t.Run("maps", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 3, func() map[string]int { return map[string]int{} }, func(r *map[string]int, i int) { (*r)["id"] = i })
	})
	t.Run("nil pointers, maps and slices", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 3, func() *refers { return nil }, func(**refers, int) {})
		checkReuse(t, 3, func() inner { return inner{} }, func(r *inner, i int) {
			if r.Tags = nil; i%2 == 0 {
				r.Tags = []string{}
			}
		})
	})
	// What follows cannot be copied by everyone, so it comes at once.
	t.Run("interfaces", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 1, func() map[string]any { return map[string]any{} }, func(r *map[string]any, i int) { (*r)["id"] = i })
	})
	t.Run("memory that only the methods of a type reach", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 1, func() *big.Int { return new(big.Int) }, func(r **big.Int, i int) { (*r).SetInt64(int64(i)) })
	})
	t.Run("types that hold themselves", func(t *testing.T) {
		t.Parallel()
		checkReuse(t, 1, func() tree { return tree{Child: &tree{}} }, func(r *tree, i int) { r.ID, r.Child.ID = i, i })
	})
}

// checkReuse compares batches of rows whose memory is used again with rows that have their own.
func checkReuse[T any](t *testing.T, size int, fresh func() T, set func(row *T, i int)) {
	t.Helper()
	const n = 7
	var want string
	for i := range n {
		row := fresh()
		set(&row, i)
		want += jsonOf(t, row) + "\n"
	}
	sequence := reused(n, fresh(), set)
	for name, value := range map[string]any{"a stream": sequence, "a Seq": rows.Seq[T](sequence)} {
		var got string
		var sizes []int
		for batch, err := range rows.Batches(value, 3) {
			if err != nil {
				t.Fatal(err)
			}
			all := reflect.ValueOf(batch)
			for i := range all.Len() {
				got += jsonOf(t, all.Index(i).Interface()) + "\n"
			}
			sizes = append(sizes, all.Len())
		}
		if got != want || sizes[0] != size {
			t.Errorf("%s in batches of %v:\n%swant batches of %d:\n%s", name, sizes, got, size, want)
		}
	}
}

func jsonOf(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
