package historytest

import (
	"fmt"
	"math/rand/v2"

	"github.com/fxrun/fxrun/history"
)

func latestClauses() []clause {
	return []clause{
		{name: "the last materializations follow what is appended", check: latestFollow},
		{name: "the last materializations are those of the events, whatever was appended, pruned and opened again", check: latestAtRandom, reopens: true, prunes: true},
	}
}

// latestFollow asks again and again, as a page does, while runs, also of another store, go on.
func latestFollow(t tester, subject Subject) {
	stores := []history.Store{subject.Store}
	if subject.Another != nil {
		stores = append(stores, subject.Another())
	}
	assets := []string{"a0", "a1", "a2", "never", "a0"}
	ask := func(store history.Store) map[string]history.Event {
		t.Helper()
		found, err := history.LatestMaterializations(t.Context(), store, assets)
		if err != nil {
			t.Fatalf("LatestMaterializations: %v", err)
		}
		return found
	}
	want := map[string]history.Event{}
	for n := range 12 {
		for _, store := range stores {
			same(t, "last materializations", ask(store), want)
		}
		run := fmt.Sprintf("r%d", n)
		made := event(run, n, history.AssetMaterialized{
			Asset: fmt.Sprintf("a%d", n%4), Step: "orders", Metadata: history.Values{"n": fmt.Sprint(n), "list": []any{map[string]any{"n": fmt.Sprint(n)}}},
		})
		stored := add(t, stores[n%len(stores)], append(running(run, "orders"), made)...)
		if n%4 < 3 { // the others are of an asset that nobody asks for
			want[fmt.Sprintf("a%d", n%4)] = stored[4]
		}
		for _, event := range ask(subject.Store) { // a caller may change what it gets
			if made, ok := event.Data.(history.AssetMaterialized); ok {
				made.Metadata["n"] = "changed"
				made.Metadata["list"].([]any)[0].(map[string]any)["n"] = "changed"
			}
		}
		if n == 7 { // other assets than before
			assets = append(assets, "a3")
			want["a3"] = stored[4]
		}
		if n == 11 {
			want["a3"] = stored[4]
		}
	}
	for _, store := range stores {
		same(t, "last materializations", ask(store), want)
	}
}

// eventsOnly is a store that can only be asked for its events.
type eventsOnly struct{ history.Store }

// latestAtRandom compares what the store says of many assets at once with what its events say.
func latestAtRandom(t tester, subject Subject) {
	random := rand.New(rand.NewPCG(3, 4))
	assets := []string{"never", "", awkward}
	for n := range 12 {
		assets = append(assets, fmt.Sprintf("a%d", n))
	}
	store := subject.Store
	for n := range 60 {
		id := fmt.Sprintf("r%d", n)
		var made []history.AssetMaterialized
		for range random.IntN(6) {
			one := history.AssetMaterialized{Asset: assets[2+random.IntN(len(assets)-2)], Partition: []string{"", "", "p1", "p2"}[random.IntN(4)]}
			if random.IntN(2) == 0 {
				one.Metadata = history.Values{"n": fmt.Sprint(n)}
			}
			made = append(made, one)
		}
		events := making(id, 10*n, made...)
		if random.IntN(6) == 0 {
			events = events[:len(events)-1] // it goes on for ever
		}
		cut := random.IntN(len(events))
		add(t, store, events[:cut]...)
		add(t, store, events[cut:]...)
		if cut > 0 {
			events[cut-1].Seq = int64(cut)
			add(t, store, events[cut-1]) // once more
		}
		if random.IntN(5) == 0 {
			for _, text := range prunable(t, store, history.Retention{FinishedBefore: at(10*n - random.IntN(200)), Keep: random.IntN(10)}) {
				id, _ := cutReduced(text)
				prune(t, store, id)
			}
		}
		if random.IntN(5) == 0 {
			store = subject.Reopen()
		}
		asked := assets[random.IntN(len(assets)):]
		want, err := history.LatestMaterializations(t.Context(), eventsOnly{store}, asked)
		if err != nil {
			t.Fatalf("reading the materializations: %v", err)
		}
		got, err := history.LatestMaterializations(t.Context(), store, asked)
		if err != nil {
			t.Fatalf("LatestMaterializations: %v", err)
		}
		same(t, fmt.Sprintf("last materializations after run %d", n), got, want)
	}
}
