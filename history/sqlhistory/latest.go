package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

// selectLatest returns the statement for the last materializations of the assets in
// a list. Each key takes one look into the index of assets.
func (d Database) selectLatest() string {
	return `SELECT runs.id, events.seq, events.time, events.type, events.fields
	FROM (SELECT DISTINCT value AS asset FROM (` + d.Texts + `) AS given) AS wanted
	` + d.Join + ` events ON events.position = (
		SELECT made.position FROM events AS made
		WHERE made.asset = wanted.asset AND made.type = ? ORDER BY made.position DESC LIMIT 1)
	` + d.Join + ` runs ON runs.number = events.run`
}

// LatestMaterializations returns the last materialization of each asset: see
// [history.Latest].
func (s *Store) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	var found map[string]history.Event
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		found, err = s.readLatest(ctx, tx, assets)
		return err
	})
	if errors.Is(err, errEmpty) {
		return map[string]history.Event{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last materializations: %w", err)
	}
	return found, nil
}

func (s *Store) readLatest(ctx context.Context, tx *sql.Tx, assets []string) (map[string]history.Event, error) {
	found := make(map[string]history.Event)
	if len(assets) == 0 {
		return found, nil
	}
	keys, err := s.db.List(assets)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, s.db.selectLatest(), keys, string(history.TypeAssetMaterialized))
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(row scanner) error {
		event, err := scanEvent(row)
		asset, _ := event.Asset()
		found[asset] = event
		return err
	})
	return found, err
}
