package iotest

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
)

func parallelStoresNeverMix(t *testing.T, s Subject) {
	const writers, times = 6, 5
	s.store(t, "shared", "", s.Value(0))

	var stores, loads sync.WaitGroup
	begins := make(chan struct{}, writers*times) // one for each Store, so that Loads meet all of them
	for w := range writers {
		stores.Go(func() {
			for i := range times {
				value := s.Value(w*times + i)
				begins <- struct{}{}
				for _, asset := range []string{"shared", fmt.Sprintf("own/%d", w)} {
					if err := s.Manager.Store(t.Context(), s.output(asset, "", value), value); err != nil {
						t.Errorf("Store: %v", err)
					}
				}
			}
		})
	}
	for range 3 {
		loads.Go(func() {
			for range begins {
				s.expectOneOf(t, "shared", writers*times)
			}
		})
	}
	stores.Wait()
	close(begins)
	loads.Wait()

	s.expectOneOf(t, "shared", writers*times)
	for w := range writers {
		s.expect(t, fmt.Sprintf("own/%d", w), "", s.Value(w*times+times-1))
	}
}

// expectOneOf reports if the asset holds anything else than one of the first n values.
func (s Subject) expectOneOf(t *testing.T, asset string, n int) {
	got, err := s.load(t.Context(), asset, "", s.Value(0))
	if err != nil {
		t.Errorf("Load: %v", err)
		return
	}
	for i := range n {
		if reflect.DeepEqual(s.Value(i), got) {
			return
		}
	}
	for i := range n {
		if equal(s.Value(i), got) {
			return
		}
	}
	t.Errorf("a Load beside Stores gives a value that nobody stored: %v", got)
}
