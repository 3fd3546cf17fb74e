package history

import (
	"context"
	"fmt"
)

// Latest is an optional interface of a [Store]. A store that implements it answers
// [LatestMaterializations] with one query of its own.
type Latest interface {
	// LatestMaterializations returns the last materialization of each asset, by the
	// key of the asset. It may be of any partition. An asset that was never
	// materialized is not in the result. The result is never nil. The same key may
	// be given more than once.
	LatestMaterializations(ctx context.Context, assets []string) (map[string]Event, error)
}

// LatestMaterializations returns the last materialization of each asset, by the key
// of the asset. A store that implements [Latest] answers this itself. From another
// store, LatestMaterializations reads the materializations of all assets in pages,
// the newest first, until it has one of each asset or there are no more. If an asset
// was never materialized, it therefore reads the whole history.
func LatestMaterializations(ctx context.Context, store Store, assets []string) (map[string]Event, error) {
	if latest, ok := store.(Latest); ok {
		return latest.LatestMaterializations(ctx, assets)
	}
	wanted := newLatestSet(assets)
	if wanted.complete() {
		return wanted.found, nil
	}
	for event, err := range EachEvent(ctx, store, EventQuery{Types: []EventType{TypeAssetMaterialized}}) {
		if err != nil {
			return nil, fmt.Errorf("reading the last materializations: %w", err)
		}
		if asset, _ := event.Asset(); wanted.open[asset] {
			wanted.add(asset, event)
		}
		if wanted.complete() {
			break
		}
	}
	return wanted.found, nil
}

// latestSet gathers the last event of each asset. It is given the events in reverse
// order, the newest first.
type latestSet struct {
	open  map[string]bool // the assets without an event so far
	found map[string]Event
}

func newLatestSet(assets []string) *latestSet {
	set := &latestSet{open: make(map[string]bool, len(assets)), found: make(map[string]Event)}
	for _, asset := range assets {
		if asset != "" { // no event is about the empty key
			set.open[asset] = true
		}
	}
	return set
}

func (s *latestSet) complete() bool { return len(s.open) == 0 }

func (s *latestSet) add(asset string, event Event) {
	delete(s.open, asset)
	s.found[asset] = event
}
