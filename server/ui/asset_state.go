package ui

import (
	"cmp"
	"context"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// assetState is what is known of the state of an asset.
type assetState struct {
	inspect.Asset
	attempt inspect.LastAttempt
}

// status returns a word for the state of an asset: the status of its last attempt if
// that is newer than its value, or else whether it has a value.
func (a *assetState) status() string {
	status := a.attempt.Status
	switch status {
	case history.StepStatusRunning, history.StepStatusFailed, history.StepStatusCancelled:
		if a.Last == nil || a.attempt.Started.After(a.Last.Time) || status == history.StepStatusFailed && a.attempt.Run == a.Last.RunID {
			return string(status)
		}
	case history.StepStatusPending, history.StepStatusSucceeded, history.StepStatusSkipped:
	}
	if a.Last == nil {
		return "no value"
	}
	return "materialized"
}

func assetBadge(status string) badge {
	class := statusClass(status)
	if status == "materialized" {
		class = "ok"
	}
	return badge{class, status}
}

// assetsWithLast returns the assets of a selection, each with its last materialization. ""
// selects all.
func (p *Pages) assetsWithLast(ctx context.Context, selection string) ([]inspect.Asset, error) {
	list, err := p.inspect.Assets(selection)
	if err != nil {
		return nil, err
	}
	return list, p.inspect.ReadLast(ctx, list)
}

// assetStates returns the assets of a selection with their states. "" selects all.
func (p *Pages) assetStates(ctx context.Context, selection string) ([]assetState, error) {
	list, err := p.assetsWithLast(ctx, selection)
	if err != nil {
		return nil, err
	}
	attempts, err := p.inspect.LastAttempts(ctx, 0)
	if err != nil {
		return nil, err
	}
	states := make([]assetState, len(list))
	for i, asset := range list {
		states[i] = assetState{asset, attempts[cmp.Or(asset.Step, asset.Key)]}
	}
	return states, nil
}
