package child

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/graph"
)

// startAll builds and starts resources, each as soon as everything that it
// needs has started, and returns when no more can be begun or all have ended.
// Constructors are called one at a time, as in Fx. Start hooks run at the same
// time as constructors. Fx itself cannot do this, because all its constructors
// wait if one of them waits.
func (s *state) startAll(nodes []*graph.Node) {
	users := make(map[*graph.Node][]*graph.Node, len(nodes))
	waiting := make(map[*graph.Node]int, len(nodes)) // the number of needs that each node waits for
	var ready []*graph.Node                          // in the order of nodes
	for _, n := range nodes {
		for _, need := range n.Needs {
			if s.at[need] != nil { // resources that live longer have started
				users[need] = append(users[need], n)
				waiting[n]++
			}
		}
		if waiting[n] == 0 {
			ready = append(ready, n)
		}
	}
	ended := make(chan *graph.Node, len(nodes))
	for begun := 0; ; {
		for len(ready) > 0 && !s.ending() {
			n := ready[0]
			ready = ready[1:]
			begun++
			s.begin(n, begun == 1 && len(ready) == 0, func() { ended <- n })
			if len(ended) > 0 {
				break // resources that must come first may still become ready
			}
		}
		if begun == 0 || s.ending() {
			return
		}
		n := <-ended
		begun--
		for _, user := range users[n] {
			if waiting[user]--; waiting[user] == 0 {
				at, _ := slices.BinarySearchFunc(ready, user, graph.CompareStart)
				ready = slices.Insert(ready, at, user)
			}
		}
	}
}

// begin calls the constructor of n, and then its start hooks in a goroutine of
// their own. It calls ended after n has started or failed. If n is alone, which
// means that nothing else can start before n has started, begin waits for the
// hooks and needs no goroutine.
func (s *state) begin(n *graph.Node, alone bool, ended func()) {
	instance := s.at[n]
	params := s.params(n)
	began := s.beginning(instance)
	err := s.construct(instance, params)
	if err == nil && instance.lifecycle.endWithoutStarts() || err != nil && instance.node.Retries == 0 {
		s.finish(instance, began, err)
		ended()
		return
	}
	complete := func() {
		if err == nil && s.ending() {
			s.finish(instance, began, errEnding)
		} else {
			_ = s.complete(instance, began, params, err) // recorded
		}
		ended()
	}
	if alone {
		complete()
		return
	}
	s.starting.Go(func() {
		s.slots <- struct{}{}
		defer func() { <-s.slots }()
		complete()
	})
}

// params returns the values that a constructor gets from other resources and
// from the host application.
func (s *state) params(n *graph.Node) []reflect.Value {
	asks := s.preparation.Graph.AsksOf(n)
	params := make([]reflect.Value, len(asks))
	for i, a := range asks {
		params[i] = s.app.Value(a)
	}
	return params
}
