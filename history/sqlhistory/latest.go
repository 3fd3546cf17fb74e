package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/history"
)

// selectLatest returns the statement for the last materializations of the assets in
// a list, each of which stands in it once. Without a table of them, each key takes one look
// into the index of assets; a condition in place of LATERAL would let the database compare all
// events with all keys.
func (d Database) selectLatest() string {
	wanted := `(SELECT value AS asset FROM (` + d.Texts + `) AS given) AS wanted `
	if d.KeepsLatest {
		return `SELECT runs.id, made.seq, made.time, '` + string(history.TypeAssetMaterialized) + `', made.fields
		FROM ` + wanted + d.Join + ` last_materializations AS made ON made.asset = wanted.asset
		` + d.Join + ` runs ON runs.number = made.run`
	}
	return `SELECT runs.id, made.seq, made.time, made.type, made.fields
	FROM ` + wanted + d.Join + ` LATERAL (
		SELECT run, seq, time, type, fields FROM events WHERE events.asset = wanted.asset
		AND type = '` + string(history.TypeAssetMaterialized) + `' ORDER BY position DESC LIMIT 1) AS made ON true
	` + d.Join + ` runs ON runs.number = made.run`
}

// latestCache has the last materializations that were asked for before. The next question
// reads only what was appended since. The last materialization of an asset is never removed,
// so an event of the cache is valid until there is a later one.
type latestCache struct {
	mu    sync.Mutex
	until place                     // the last event of all runs that is taken into account
	known map[string]*history.Event // by asset; nil for an asset that was never materialized
}

// place is where an event is among those of all runs. The run and the number tell whether it is
// still the same event, since the database may be another one.
type place struct{ position, run, seq int64 }

// maxBehind is how many events may have been appended since the last question. If there are
// more, it is as fast to ask for each asset.
const maxBehind = 20_000

// LatestMaterializations returns the last materialization of each asset: see
// [history.Latest].
func (s *Store) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	s.latest.mu.Lock()
	defer s.latest.mu.Unlock()
	var found map[string]history.Event
	attempts := 0
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		if attempts++; attempts > 1 {
			s.latest.known = nil // what the first attempt has read need not be from one moment
		}
		found, err = s.readLatest(ctx, tx, assets)
		return err
	})
	if err != nil {
		s.latest.known = nil
	}
	if errors.Is(err, errEmpty) {
		return map[string]history.Event{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last materializations: %w", err)
	}
	return found, nil
}

func (s *Store) readLatest(ctx context.Context, tx *sql.Tx, assets []string) (map[string]history.Event, error) {
	if err := s.catchUp(ctx, tx); err != nil {
		return nil, err
	}
	known := s.latest.known
	var unknown []string
	for _, asset := range assets {
		if _, ok := known[asset]; !ok {
			known[asset] = nil
			unknown = append(unknown, asset)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown) // the order in which they are stored
		keys, err := s.db.List(unknown)
		if err != nil {
			return nil, err
		}
		if err := s.remember(ctx, tx, s.db.selectLatest(), keys); err != nil {
			return nil, err
		}
	}
	found := make(map[string]history.Event, len(assets))
	for _, asset := range assets {
		if event := known[asset]; event != nil {
			found[asset] = withOwnMetadata(*event)
		}
	}
	return found, nil
}

// catchUp takes into account what was appended since the last question.
func (s *Store) catchUp(ctx context.Context, tx *sql.Tx) error {
	cache := &s.latest
	var last place
	err := tx.QueryRowContext(ctx, `SELECT position, run, seq FROM events ORDER BY position DESC LIMIT 1`).Scan(&last.position, &last.run, &last.seq)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	until := place{position: cache.until.position}
	if cache.known != nil && last != cache.until {
		err = tx.QueryRowContext(ctx, `SELECT run, seq FROM events WHERE position = ?`, until.position).Scan(&until.run, &until.seq)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if until != cache.until || last.position-until.position > maxBehind {
			cache.known = nil
		} else if err := s.remember(ctx, tx, s.db.selectMadeAfter(), until.position, string(history.TypeAssetMaterialized)); err != nil {
			return err
		}
	}
	if cache.known == nil {
		cache.known = make(map[string]*history.Event)
	}
	cache.until = last
	return nil
}

// selectMadeAfter returns the statement for the materializations after a position.
func (d Database) selectMadeAfter() string {
	return `SELECT runs.id, events.seq, events.time, events.type, events.fields
	FROM events ` + d.Join + ` runs ON runs.number = events.run
	WHERE events.position > ? AND events.asset IS NOT NULL AND events.type = ? ORDER BY events.position`
}

// remember keeps the events that a statement finds, of the assets that the cache knows.
func (s *Store) remember(ctx context.Context, tx *sql.Tx, text string, args ...any) error {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	var found []encodedEvent
	err = eachRow(rows, func(row scanner) error {
		event, err := scanEncoded(row)
		event.fields = slices.Clone(event.fields)
		found = append(found, event)
		return err
	})
	if err != nil {
		return err
	}
	events, err := decodeAll(found)
	if err != nil {
		return err
	}
	for _, event := range events { // a copy, so that the cache does not keep the others
		asset, _ := event.Asset()
		if _, asked := s.latest.known[asset]; asked {
			s.latest.known[asset] = &event
		}
	}
	return nil
}

// withOwnMetadata returns the event with a copy of its metadata, which the caller may change.
func withOwnMetadata(event history.Event) history.Event {
	if made, ok := event.Data.(history.AssetMaterialized); ok && made.Metadata != nil {
		made.Metadata, _ = cloned(map[string]any(made.Metadata)).(map[string]any)
		event.Data = made
	}
	return event
}

// cloned returns a copy of a value of JSON.
func cloned(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := make(map[string]any, len(value))
		for name, one := range value {
			copied[name] = cloned(one)
		}
		return copied
	case []any:
		copied := make([]any, len(value))
		for i, one := range value {
			copied[i] = cloned(one)
		}
		return copied
	default:
		return value
	}
}
