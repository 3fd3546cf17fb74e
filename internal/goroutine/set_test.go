package goroutine_test

import (
	"testing"

	"github.com/fxrun/fxrun/internal/goroutine"
)

// elsewhere asks from another goroutine.
func elsewhere(ask func() bool) bool {
	answer := make(chan bool)
	go func() { answer <- ask() }()
	return <-answer
}

func TestSet(t *testing.T) {
	t.Parallel()
	outer := new(goroutine.Set)
	set := &goroutine.Set{Outer: outer}
	if set.HasCaller() {
		t.Error("an empty set has a member")
	}
	leave := set.Join()
	if !set.HasCaller() || !outer.HasCaller() {
		t.Error("the caller joined, and is no member")
	}
	if elsewhere(set.HasCaller) {
		t.Error("another goroutine is a member")
	}
	again := set.Join()
	again()
	if !set.HasCaller() {
		t.Error("the caller joined twice, left once, and is no member")
	}
	leave()
	if set.HasCaller() || outer.HasCaller() {
		t.Error("the caller left, and is a member")
	}
}

func TestJoinByContext(t *testing.T) {
	t.Parallel()
	set := new(goroutine.Set)
	leave := goroutine.Join(set.In(t.Context()))
	if !set.HasCaller() {
		t.Error("the caller joined, and is no member")
	}
	leave()
	goroutine.Join(t.Context())() // without a set it does nothing
	if set.HasCaller() {
		t.Error("the caller left, and is a member")
	}
}
