package cli

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/fxrun/fxrun/history"
)

// materializations returns the last events of an asset's materialization,
// newest first.
func (s *session) materializations(ctx context.Context, asset string, limit int) ([]history.Event, error) {
	return s.history().Events(ctx, history.EventQuery{
		Asset: asset, Types: []history.EventType{history.TypeAssetMaterialized}, Limit: limit,
	})
}

// lastMaterializations returns the last of each asset, in the order of the
// keys; nil for one that never was. A query for each is one look into an index;
// several at once, since programs have thousands of assets.
func (s *session) lastMaterializations(ctx context.Context, assets []string) ([]*history.Event, error) {
	last := make([]*history.Event, len(assets))
	newest, err := s.history().Runs(ctx, history.RunQuery{Limit: 1, OmitSteps: true})
	if err != nil || len(newest) == 0 {
		return last, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(assets)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(assets) {
					return
				}
				events, err := s.materializations(ctx, assets[i], 1)
				if err != nil {
					cancel(err)
				}
				if len(events) > 0 {
					last[i] = &events[0]
				}
			}
		})
	}
	workers.Wait()
	return last, context.Cause(ctx)
}

func materializationOf(event history.Event) history.AssetMaterialized {
	value, _ := event.Data.(history.AssetMaterialized)
	return value
}
