package historytest

import (
	"fmt"

	"github.com/fxrun/fxrun/history"
)

func latestClauses() []clause {
	return []clause{{name: "the last materializations follow what is appended", check: latestFollow}}
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
