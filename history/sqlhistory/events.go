package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/fxrun/fxrun/history"
)

// Events returns the events that the query asks for: see [history.Store].
func (s *Store) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	if err := query.Check(); err != nil {
		return nil, err
	}
	var found []history.Event
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		found, err = s.db.readEvents(ctx, tx, query)
		return err
	})
	if errors.Is(err, errEmpty) {
		return history.NewMemoryStore().Events(ctx, query)
	}
	if err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	return found, nil
}

func (d Database) readEvents(ctx context.Context, tx *sql.Tx, query history.EventQuery) ([]history.Event, error) {
	text, args, err := d.selectEvents(ctx, tx, query)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	var found []history.Event
	err = eachRow(rows, func(row scanner) error {
		event, err := scanEvent(row)
		found = append(found, event)
		return err
	})
	return found, err
}

// selectEvents returns the statement for a query.
func (d Database) selectEvents(ctx context.Context, tx *sql.Tx, query history.EventQuery) (text string, args []any, err error) {
	var where condition
	order := ` ORDER BY events.position DESC`
	if query.RunID != "" {
		number, err := numberOf(ctx, tx, query.RunID)
		if err != nil {
			return "", nil, err
		}
		where.and("events.run = ? AND events.seq > ?", number, query.AfterSeq)
		if slices.Equal(query.Types, []history.EventType{history.TypeAssetMaterialized}) {
			where.and("events.asset IS NOT NULL") // the condition of the index, so that it is used
		}
		order = ` ORDER BY events.seq`
	}
	if query.Before.RunID != "" {
		position, err := positionOf(ctx, tx, query.Before)
		if err != nil {
			return "", nil, err
		}
		where.and("events.position < ?", position)
	}
	if query.Asset != "" {
		where.and("events.asset = ?", query.Asset)
	}
	if query.Partition != "" {
		where.and("events.partition = ? AND events.partition <> ''", query.Partition) // the condition of the index
	}
	andIn(&where, "events.type", query.Types)
	text = `SELECT runs.id, events.seq, events.time, events.type, events.fields
		FROM events ` + d.Join + ` runs ON runs.number = events.run` + where.clause() + order + limitClause(query.Limit)
	return text, where.args, nil
}

func scanEvent(row scanner) (history.Event, error) {
	encoded, err := scanEncoded(row)
	if err != nil {
		return history.Event{}, err
	}
	return encoded.decode()
}

// positionOf returns the position of an event among the events of all runs.
func positionOf(ctx context.Context, tx *sql.Tx, place history.Place) (int64, error) {
	var position int64
	const text = `SELECT events.position FROM events JOIN runs ON runs.number = events.run
		WHERE runs.id = ? AND events.seq = ?`
	err := tx.QueryRowContext(ctx, text, place.RunID, place.Seq).Scan(&position)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("event %d of run %s: %w", place.Seq, place.RunID, history.ErrNotFound)
	}
	return position, err
}
