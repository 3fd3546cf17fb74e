package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// selectLatest returns the statement for the last materializations of the assets in
// a list, each of which stands in it once. Without a table of them, each key takes one look
// into the index of assets; a condition in place of LATERAL would let the database compare all
// events with all keys.
func (d Database) selectLatest() string {
	wanted := `(SELECT value AS asset FROM (` + d.Texts + `) AS given) AS wanted `
	if d.KeepsLatest {
		return `SELECT made.asset, made.event
		FROM ` + wanted + d.Join + ` last_materializations AS made ON made.asset = wanted.asset`
	}
	return `SELECT wanted.asset, runs.id, made.seq, made.time, made.fields
	FROM ` + wanted + d.Join + ` LATERAL (
		SELECT run, seq, time, fields FROM events WHERE events.asset = wanted.asset
		AND type = '` + string(history.TypeAssetMaterialized) + `' ORDER BY position DESC LIMIT 1) AS made ON true
	` + d.Join + ` runs ON runs.number = made.run`
}

// selectThrough returns the statement for the rows of the table of last materializations from
// an asset to another one.
func selectThrough() string {
	return `SELECT made.asset, made.event
	FROM last_materializations AS made WHERE made.asset BETWEEN ? AND ? ORDER BY made.asset`
}

// latestCache has the last materializations that were asked for before. The next question
// reads only what was appended since. The last materialization of an asset is never removed,
// so an event of the cache is valid until there is a later one.
type latestCache struct {
	mu    sync.Mutex
	until place                 // the last event of all runs that is taken into account
	known map[string]*madeEvent // by asset; nil for an asset that was never materialized
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
	if s.latest.known == nil {
		s.latest.known = make(map[string]*madeEvent, len(assets))
	}
	known := s.latest.known
	var unknown []string
	var decoding decoding
	for _, asset := range assets {
		if made, ok := known[asset]; !ok {
			known[asset] = nil
			unknown = append(unknown, asset)
		} else if made != nil && made.decoding != &decoding { // else the asset is given twice
			decoding.add(made)
		}
	}
	err := s.readUnknown(ctx, tx, unknown, decoding.add)
	found, wrong := decoding.wait()
	if err := errors.Join(err, wrong); err != nil {
		return nil, err
	}
	return found, nil
}

// readUnknown reads the last materializations of assets that nobody has asked for before.
func (s *Store) readUnknown(ctx context.Context, tx *sql.Tx, assets []string, then func(*madeEvent)) (err error) {
	slices.Sort(assets) // the order in which they are stored
	if s.db.KeepsLatest && len(assets) >= manyAssets {
		if assets, err = s.readThrough(ctx, tx, assets, then); err != nil {
			return err
		}
	}
	if len(assets) == 0 {
		return nil
	}
	keys, err := s.db.List(assets)
	if err != nil {
		return err
	}
	scan := scanMade
	if s.db.KeepsLatest {
		scan = scanPacked
	}
	return s.remember(ctx, tx, scan, then, s.db.selectLatest(), keys)
}

const (
	manyAssets = 100 // it is worth a query to read a part of their table row by row
	manyOthers = 20  // a row of another asset for this many assets makes a search for each faster
)

var errManyOthers = errors.New("there are many other assets")

// readThrough reads the table of last materializations row by row, from the first of the sorted
// assets to the last one. This takes two thirds of the time of a search for each of them. It
// stops if it meets many other assets, and returns the assets that it has not come to.
func (s *Store) readThrough(ctx context.Context, tx *sql.Tx, assets []string, then func(*madeEvent)) (rest []string, err error) {
	rows, err := tx.QueryContext(ctx, selectThrough(), assets[0], assets[len(assets)-1])
	if err != nil {
		return nil, err
	}
	rest = assets
	others := 0
	err = eachRow(rows, func(row scanner) error {
		asset, made, err := scanPacked(row)
		if err != nil {
			return err
		}
		for len(rest) > 1 && rest[0] < asset { // those that were never materialized
			rest = rest[1:]
		}
		if rest[0] == asset {
			s.latest.known[rest[0]] = made
			then(made)
		} else if others++; others > len(assets)/manyOthers {
			return errManyOthers
		}
		return nil
	})
	if errors.Is(err, errManyOthers) {
		return rest, nil
	}
	return nil, err
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
		} else if err := s.remember(ctx, tx, scanMade, func(*madeEvent) {}, s.db.selectMadeAfter(), until.position, string(history.TypeAssetMaterialized)); err != nil {
			return err
		}
	}
	cache.until = last
	return nil
}

// selectMadeAfter returns the statement for the materializations after a position.
func (d Database) selectMadeAfter() string {
	return `SELECT events.asset, runs.id, events.seq, events.time, events.fields
	FROM events ` + d.Join + ` runs ON runs.number = events.run
	WHERE events.position > ? AND events.asset IS NOT NULL AND events.type = ? ORDER BY events.position`
}

// remember keeps the events that a statement finds, of the assets that the cache knows, and
// calls then for each of them.
func (s *Store) remember(ctx context.Context, tx *sql.Tx, scan scanLatest, then func(*madeEvent), text string, args ...any) error {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, func(row scanner) error {
		asset, made, err := scan(row)
		if err != nil {
			return err
		}
		if _, asked := s.latest.known[asset]; asked {
			s.latest.known[asset] = made
			then(made)
		}
		return nil
	})
}

// scanLatest reads a row of a materialization.
type scanLatest func(row scanner) (asset string, made *madeEvent, err error)

// scanPacked reads a row of the table of last materializations.
func scanPacked(row scanner) (asset string, made *madeEvent, err error) {
	made = &madeEvent{}
	err = row.Scan(&made.asset, (*string)(&made.packed))
	return made.asset, made, err
}

// scanMade reads a row of the other tables. It has the asset in place of the type.
func scanMade(row scanner) (asset string, made *madeEvent, err error) {
	made = &madeEvent{encodedEvent: encodedEvent{kind: history.TypeAssetMaterialized}}
	var at int64
	err = row.Scan(&asset, &made.event.RunID, &made.event.Seq, &at, (*[]byte)(&made.fields))
	made.event.Time = time.UnixMicro(at).UTC()
	return asset, made, err
}
