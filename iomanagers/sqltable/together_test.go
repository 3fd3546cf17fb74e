package sqltable_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/rows"
)

// assign makes an assignment that adds its asset to stored once it is stored.
func assign(m iomanagers.IOManager, asset string, value any, stored *[]string) iomanagers.Assignment {
	return iomanagers.Assignment{
		Manager: m, Output: iomanagers.Output{Asset: asset, Metadata: map[string]any{}}, Value: value,
		Stored: func() { *stored = append(*stored, asset) },
	}
}

func TestValuesOfOneStepAreStoredTogetherOrNotAtAll(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		one, two := newManager(t, db, sqltable.Config{}), newManager(t, db, sqltable.Config{Prefix: "second_"})
		var stored []string
		storeAll := func(i int, last any) error {
			stored = nil
			return iomanagers.StoreAll(t.Context(), []iomanagers.Assignment{
				assign(one, "a", orders(i), &stored),
				assign(two, "b", rows.From(orders(i)), &stored),
				assign(one, "c", rows.From(orders(i)), &stored),
				assign(two, "d", last, &stored),
			})
		}
		expectAll := func(i int) {
			t.Helper()
			expect(t, one, "a", "", orders(i))
			expect(t, two, "b", "", orders(i))
			expect(t, one, "c", "", orders(i))
		}
		if err := storeAll(1, orders(1)); err != nil {
			t.Fatal(err)
		}
		expectAll(1)
		if diff := cmp.Diff([]string{"a", "b", "c", "d"}, stored); diff != "" {
			t.Errorf("told of what is stored: -want +got\n%s", diff)
		}

		err := storeAll(2, unstorable(3000))
		refuses(t, err, iomanagers.ErrUnsupported, "storing d: row 2999: column at")
		if len(stored) > 0 || strings.Contains(err.Error(), "are stored") {
			t.Errorf("after an error, %v are said to be stored: %v", stored, err)
		}
		expectAll(1)

		broken := func(yield func([]order, error) bool) {
			if yield(orders(4), nil) {
				yield(nil, errBroken)
			}
		}
		if err := storeAll(2, iter.Seq2[[]order, error](broken)); !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "storing d: ") {
			t.Errorf("got the error %v", err)
		}
		expectAll(1)
		if err := storeAll(3, orders(1)); err != nil {
			t.Fatal(err)
		}
		expectAll(3)
	})
}

var errBroken = errors.New("the source broke")

// stamped has the methods of a Manager, but a Store of its own.
type stamped struct{ *sqltable.Manager }

func (s stamped) Store(ctx context.Context, out iomanagers.Output, value any) error {
	out.AddMetadata("stamp", true)
	return s.Manager.Store(ctx, out, value)
}

func TestAManagerAroundAnotherIsNotPassedOver(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		inner := newManager(t, db, sqltable.Config{})
		var stored []string
		own := assign(stamped{inner}, "a", orders(1), &stored)
		err := iomanagers.StoreAll(t.Context(), []iomanagers.Assignment{own, assign(inner, "b", orders(1), &stored)})
		if err != nil || len(stored) != 2 || own.Output.Metadata["stamp"] != true {
			t.Errorf("got the error %v, stored %v, metadata %v", err, stored, own.Output.Metadata)
		}
	})
}

func TestStepsThatStoreTheSameValuesInAnotherOrder(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		var storing sync.WaitGroup
		for i := range 6 {
			storing.Go(func() {
				var stored []string
				all := []iomanagers.Assignment{assign(m, "a", orders(i), &stored), assign(m, "b", orders(i), &stored)}
				if i%2 == 0 {
					all[0], all[1] = all[1], all[0]
				}
				for range 3 {
					if err := iomanagers.StoreAll(t.Context(), all); err != nil {
						t.Error(err)
					}
				}
			})
		}
		storing.Wait()
		a, err := load[[]order](t, m, "a", "")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, m, "b", "", a)
	})
}
