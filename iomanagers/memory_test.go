package iomanagers_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

type (
	account struct {
		Owner   string
		cents   int       // unexported, and flat
		opened  time.Time // unexported, immutable
		Limits  map[string]*big.Int
		Parents []*account
	}
	hidden  struct{ notes []string }
	stamped struct { // its marshal methods are those of the time alone
		time.Time
		notes []string
	}
	callback struct{ Done func() }
	login    struct {
		User string
		word container.Secret[string]
	}
)

func TestMemoryCopiesExactly(t *testing.T) {
	t.Parallel()
	root := &account{Owner: "root", cents: 5, opened: time.Now().Local()}
	three := []int{1, 2, 3}
	link, _ := url.Parse("https://user:word@example.com/x?y=z")
	for _, value := range []any{
		account{Owner: "a", cents: 7, opened: time.Now(), Limits: map[string]*big.Int{"x": big.NewInt(1)}, Parents: []*account{root, nil}},
		map[netip.Addr]*url.URL{netip.MustParseAddr("2001:db8::1%eth0"): link},
		new(big.Float).SetPrec(200).SetInt64(3),
		[]any{1, "a", nil, map[string]any{"b": []byte("c")}, errors.New("kept")},
		[2][]int{{1}, nil},
		[][]int{three[:1], three[:2], three},
		[]string(nil), map[string]int(nil), (*int)(nil),
		login{"a", container.NewSecret("hunter2")},
		[]container.Secret[int]{container.NewSecret(1), {}},
	} {
		t.Run(fmt.Sprintf("%T", value), func(t *testing.T) {
			m := iomanagers.NewMemory()
			store(t, m, iomanagers.Output{Asset: "a"}, value)
			dst := reflect.New(reflect.TypeOf(value))
			if err := m.Load(t.Context(), iomanagers.Input{Asset: "a"}, dst.Interface()); err != nil {
				t.Fatal(err)
			}
			if got := dst.Elem().Interface(); !reflect.DeepEqual(value, got) {
				t.Errorf("got %#v, want %#v", got, value)
			}
		})
	}
}

func TestMemoryKeepsSharingAndCycles(t *testing.T) {
	t.Parallel()
	type node struct {
		Next  *node
		Peers []*node
		By    map[string]*node
		Any   any
	}
	first := &node{}
	first.Next = &node{Next: first}
	first.Peers = []*node{first, first.Next}
	first.By = map[string]*node{"next": first.Next}
	first.Any = first.By
	loop := []any{nil}
	loop[0] = loop

	m := iomanagers.NewMemory()
	store(t, m, iomanagers.Output{Asset: "a"}, first)
	store(t, m, iomanagers.Output{Asset: "loop"}, loop)
	var got *node
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "a"}, &got); err != nil {
		t.Fatal(err)
	}
	if got == first || got.Next.Next != got || got.Peers[0] != got || got.Peers[1] != got.Next || got.By["next"] != got.Next {
		t.Errorf("the copy has another shape: %+v", got)
	}
	if got.Any.(map[string]*node)["next"] != got.Next {
		t.Error("what an interface holds is not shared with the rest")
	}
}

func TestMemoryRefusesWhatCannotBeCopied(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		want  string
		late  bool // only the value shows it, not the type
	}{
		{value: func() {}, want: "func() is a func, which can't be copied"},
		{value: []callback{}, want: "[]iomanagers_test.callback.Done is a func"},
		{value: map[string]chan int{}, want: "map[string]chan int is a chan"},
		{value: hidden{}, want: "hidden.notes is unexported and refers to other memory, and iomanagers_test.hidden can't marshal itself"},
		{value: stamped{}, want: "stamped.notes is unexported"},
		{value: &sync.Map{}, want: "is unexported"},
		{value: container.NewSecret([]byte("x")), want: "is unexported and refers to other memory"},
		{value: []any{1, hidden{}}, want: "hidden.notes is unexported", late: true},
	} {
		t.Run(fmt.Sprintf("%T", c.value), func(t *testing.T) {
			m := iomanagers.NewMemory()
			err := m.Store(t.Context(), iomanagers.Output{Asset: "orders", Partition: "x"}, c.value)
			if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "storing orders[x]: ") {
				t.Errorf("Store gives %v, want %q", err, c.want)
			}
			if err := m.Check("", reflect.TypeOf(c.value)); errors.Is(err, iomanagers.ErrType) == c.late {
				t.Errorf("Check gives %v", err)
			}
		})
	}
}

func TestMemoryLoadsWhatIsAssignable(t *testing.T) {
	t.Parallel()
	type orders []order
	m := iomanagers.NewMemory()
	store(t, m, iomanagers.Output{Asset: "orders"}, orders{{1, "tea"}})
	store(t, m, iomanagers.Output{Asset: "any", Type: reflect.TypeFor[any]()}, "text")
	store(t, m, iomanagers.Output{Asset: "nil", Type: reflect.TypeFor[any]()}, nil)

	load := func(asset string, dst any) error {
		return m.Load(t.Context(), iomanagers.Input{Asset: asset}, dst)
	}
	var plain []order
	if err := load("orders", &plain); err != nil || !cmp.Equal(plain, []order{{1, "tea"}}) {
		t.Errorf("the unnamed type: %v, %v", plain, err)
	}
	var held any
	if err := load("orders", &held); err != nil || !cmp.Equal(held, any(orders{{1, "tea"}})) {
		t.Errorf("an interface: %v, %v", held, err)
	}
	var text string
	if err := load("any", &text); err != nil || text != "text" {
		t.Errorf("what an interface held: %v, %v", text, err)
	}
	if err := load("nil", &held); err != nil || held != nil {
		t.Errorf("nil: %v, %v", held, err)
	}
	type otherOrders []order
	var other otherOrders
	if err := load("orders", &other); err != nil || !cmp.Equal(other, otherOrders{{1, "tea"}}) {
		t.Errorf("another named type of the same rows: %v, %v", other, err)
	}
	type otherOrder struct{ ID int }
	var others []otherOrder
	want := "loading orders: wrong type: a iomanagers_test.orders is stored, a []iomanagers_test.otherOrder is asked for"
	if err := load("orders", &others); !errors.Is(err, iomanagers.ErrType) || err.Error() != want {
		t.Errorf("other rows: %v, want %s", err, want)
	}
}

func ExampleMemoryManager() {
	ctx := context.Background()
	memory := iomanagers.NewMemory()
	scores := map[string]int{"ada": 3}
	if err := memory.Store(ctx, iomanagers.Output{Asset: "scores"}, scores); err != nil {
		panic(err)
	}
	scores["ada"] = 0 // does not reach what is stored

	var loaded map[string]int
	fmt.Println(memory.Load(ctx, iomanagers.Input{Asset: "scores"}, &loaded), loaded)
	var wrong []string
	fmt.Println(memory.Load(ctx, iomanagers.Input{Asset: "scores"}, &wrong))
	// Output:
	// <nil> map[ada:3]
	// loading scores: wrong type: a map[string]int is stored, a []string is asked for
}

func TestMemoryGivesRowsInOtherForms(t *testing.T) {
	t.Parallel()
	m := iomanagers.NewMemory()
	store(t, m, iomanagers.Output{Asset: "stream"}, rows.From([]order{{1, "tea"}, {2, "milk"}}))
	store(t, m, iomanagers.Output{Asset: "holes"}, []*order{{1, "tea"}, nil})
	load := func(asset string, dst any) error {
		return m.Load(t.Context(), iomanagers.Input{Asset: asset}, dst)
	}
	var held any
	if err := load("stream", &held); err != nil || !cmp.Equal(held, any([]order{{1, "tea"}, {2, "milk"}})) {
		t.Errorf("an interface gets %v, %v", held, err)
	}
	var pointers []*order
	if err := load("stream", &pointers); err != nil || len(pointers) != 2 || *pointers[1] != (order{2, "milk"}) {
		t.Errorf("pointers get %v, %v", pointers, err)
	}
	var all []order
	if err := load("holes", &all); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "a row is nil") || all != nil {
		t.Errorf("rows get %v from a nil pointer, %v", all, err)
	}
	var texts iter.Seq2[string, error]
	want := "loading stream: wrong type: a stream of iomanagers_test.order is stored, a iter.Seq2[string,error] is asked for"
	if err := load("stream", &texts); !errors.Is(err, iomanagers.ErrType) || err.Error() != want {
		t.Errorf("other rows: %v, want %s", err, want)
	}
	pass := func(iter.Seq2[order, error]) {}
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "x"}, pass); !errors.Is(err, iomanagers.ErrType) {
		t.Errorf("a function that is no stream: %v", err)
	}
}

func TestAStreamInMemoryIsACopy(t *testing.T) {
	t.Parallel()
	type node struct{ Tags []string }
	tags := []string{"a"}
	m := iomanagers.NewMemory()
	store(t, m, iomanagers.Output{Asset: "nodes"}, rows.From([]node{{tags}}))
	tags[0] = "changed"
	var stream iter.Seq2[*node, error]
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "nodes"}, &stream); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for n, err := range stream {
			if err != nil || n.Tags[0] != "a" {
				t.Errorf("%v, %v", n, err)
			}
			n.Tags[0] = "changed"
		}
	}
}
