package rows_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

type order struct {
	ID   int
	Item string
}

// An asset that makes more rows than it wants to hold yields them in batches.
func ExampleBatch() {
	fetch := func(yield func(order, error) bool) {
		for i := range 5 {
			if !yield(order{i, "tea"}, nil) {
				return
			}
		}
	}
	for batch, err := range rows.Batch(fetch, 2) {
		fmt.Println(len(batch), err)
	}
	// Output:
	// 2 <nil>
	// 2 <nil>
	// 1 <nil>
}

func ExampleEach() {
	batches := rows.Batch(rows.From([]order{{1, "tea"}, {2, "milk"}, {3, "tea"}}), 2)
	count := map[string]int{}
	for o, err := range rows.Each(batches) {
		if err != nil {
			fmt.Println(err)
			return
		}
		count[o.Item]++
	}
	fmt.Println(count)
	// Output: map[milk:1 tea:2]
}

func ExampleCollect() {
	broken := func(yield func(order, error) bool) {
		_ = yield(order{1, "tea"}, nil) && yield(order{}, fmt.Errorf("page 2: %w", io.ErrUnexpectedEOF))
	}
	fmt.Println(rows.Collect(broken))
	// Output: [{1 tea}] page 2: unexpected EOF
}

// An IO manager walks through rows of a type that it gets to know only at run time.
func ExampleBatches() {
	print := func(value any) {
		shape, _ := rows.Of(reflect.TypeOf(value))
		fmt.Printf("a %v of %v:", shape.Form, shape.Element)
		for batch, err := range rows.Batches(value, 2) {
			fmt.Print(" ", batch, " ", err)
		}
		fmt.Println()
	}
	orders := []order{{1, "tea"}, {2, "milk"}, {3, "bread"}}
	print(orders)
	print(rows.From(orders))
	// Output:
	// a slice of rows_test.order: [{1 tea} {2 milk}] <nil> [{3 bread}] <nil>
	// a stream of rows_test.order: [{1 tea} {2 milk}] <nil> [{3 bread}] <nil>
}

// numbers is a source of three orders.
type numbers struct{ next int }

func (n *numbers) Read(dst any) error {
	batch := reflect.ValueOf(dst).Elem()
	if n.next == 3 {
		return io.EOF
	}
	batch.SetLen(1)
	batch.Index(0).FieldByName("ID").SetInt(int64(n.next))
	n.next++
	return nil
}

func (*numbers) Close() error { fmt.Println("closed"); return nil }

// A source fills a destination of any form. A sequence opens one each time.
func ExampleFill() {
	open := func(context.Context) (rows.Source, error) { return &numbers{}, nil }
	var slice []order
	fmt.Println(rows.Fill(context.Background(), &slice, open), slice)
	var stream iter.Seq2[order, error]
	if err := rows.Fill(context.Background(), &stream, open); err != nil {
		fmt.Println(err)
	}
	for o := range stream {
		fmt.Println("order", o.ID)
		break
	}
	// Output:
	// closed
	// <nil> [{0 } {1 } {2 }]
	// order 0
	// closed
}
