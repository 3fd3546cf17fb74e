package inspect

import (
	"context"
	"strings"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/assets"
)

// Asset is an asset in a list of assets.
type Asset struct {
	assets.Description
	// Last is the last materialization of the asset. It is nil if the asset was
	// never materialized, and before [Inspector.ReadLast] was called.
	Last *history.Event `json:"last,omitempty"`
}

// AssetDetail is one asset with its last materializations.
type AssetDetail struct {
	assets.Description
	// RowsHint says which single rows the function takes or makes by reflection, and what makes
	// them faster. It is "" if there are none.
	RowsHint string `json:"rows_hint,omitempty" jsonschema:"which single rows move by reflection, faster with assets.RowsOf"`
	// Materializations are the last materializations of the asset, newest first.
	// The list is empty before [Inspector.ReadMaterializations] was called.
	Materializations []history.Event `json:"materializations"`
}

// Assets returns the assets that a selection names, sorted by key. For the
// selection "" it returns all assets. It does not read the history: see
// [Inspector.ReadLast]. The lists in the descriptions are those of the inspector, and must
// not be changed.
func (i *Inspector) Assets(selection string) ([]Asset, error) {
	all := i.assets()
	if selection == "" {
		found := make([]Asset, len(all))
		for n := range all {
			found[n].Description = all[n]
		}
		return found, nil
	}
	keys, err := i.graph.Select(selection)
	if err != nil {
		return nil, err
	}
	selected := make(map[string]bool, len(keys))
	for _, key := range keys {
		selected[key] = true
	}
	found := make([]Asset, 0, len(keys))
	for _, asset := range all {
		if selected[asset.Key] {
			found = append(found, Asset{Description: asset})
		}
	}
	return found, nil
}

// ReadLast sets the last materialization of each asset. It asks the store once: see
// [history.LatestMaterializations].
func (i *Inspector) ReadLast(ctx context.Context, list []Asset) error {
	keys := make([]string, len(list))
	for n, asset := range list {
		keys[n] = asset.Key
	}
	last, err := history.LatestMaterializations(ctx, i.store, keys)
	if err != nil {
		return err
	}
	for n := range list {
		if event, ok := last[list[n].Key]; ok {
			list[n].Last = &event
		}
	}
	return nil
}

// Asset returns one asset. It does not read the history: see
// [Inspector.ReadMaterializations].
func (i *Inspector) Asset(key string) (AssetDetail, error) {
	asset, _, err := i.graph.Asset(key)
	return AssetDetail{Description: asset, RowsHint: rowsHint(asset.RowsByReflection), Materializations: []history.Event{}}, err
}

// rowsHint names the types of rows that are moved by reflection.
func rowsHint(types []string) string {
	if len(types) == 0 {
		return ""
	}
	return strings.Join(types, ", ") + " by reflection, faster with assets.RowsOf"
}

// ReadMaterializations sets the last materializations of an asset. Their number is
// at most limit; 0 is no limit.
func (i *Inspector) ReadMaterializations(ctx context.Context, asset *AssetDetail, limit int) error {
	last, err := i.store.Events(ctx, history.EventQuery{
		Asset: asset.Key, Types: []history.EventType{history.TypeAssetMaterialized}, Limit: limit,
	})
	asset.Materializations = list(last)
	return err
}
