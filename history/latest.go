package history

import (
	"context"
	"fmt"
)

// Latest is what a [Store] may implement besides, to answer
// [LatestMaterializations] with one query of its own.
type Latest interface {
	// LatestMaterializations returns the last materialization of each asset, by
	// the asset's key, of whatever partition. An asset that was never
	// materialized is not in the result, which is not nil. A key may be asked
	// for more than once.
	LatestMaterializations(ctx context.Context, assets []string) (map[string]Event, error)
}

// LatestMaterializations returns the last materialization of each asset, by the
// asset's key: see [Latest]. Of a store that does not implement Latest it reads
// the materializations of all assets in pages, the newest first, until it has
// one of each asset or there are no more. A long history in which one of the
// assets does not occur is then read to its beginning.
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

// latestSet gathers the last event of each of some assets from events that come
// newest first.
type latestSet struct {
	open  map[string]bool // the assets without an event so far
	found map[string]Event
}

func newLatestSet(assets []string) *latestSet {
	set := &latestSet{open: make(map[string]bool, len(assets)), found: make(map[string]Event)}
	for _, asset := range assets {
		if asset != "" { // which no event is about
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
