package follow_test

import (
	"testing"

	"github.com/fxrun/fxrun/server/internal/follow"
)

func TestThereAreOnlySoManyPlaces(t *testing.T) {
	t.Parallel()
	var places follow.Places
	for n := range 1000 {
		if !places.Take() {
			t.Fatalf("there are only %d places", n)
		}
	}
	for range 3 {
		if places.Take() {
			t.Fatal("there is one place more")
		}
	}
	places.Leave()
	if !places.Take() {
		t.Error("a place that was given back is not free")
	}
}
