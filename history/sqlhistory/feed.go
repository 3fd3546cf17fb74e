package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

var _ history.Feed = (*Store)(nil)

// EventsAfter returns the events after a position: see [history.Feed]. The database gives
// positions while nobody else writes, so no event can appear before one that was read.
func (s *Store) EventsAfter(ctx context.Context, position int64, query history.EventQuery) (found []history.Positioned, reached int64, err error) {
	question := fmt.Sprintf("events after %d %#v", position, query)
	answer, holds := s.ask(ctx, question)
	if holds {
		return nil, answer.reached, nil
	}
	err = s.read(ctx, func(tx *sql.Tx) error {
		found, reached = nil, 0
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(position), 0) FROM events`).Scan(&reached); err != nil || position < 0 || reached <= position {
			return err
		}
		found, err = s.db.readAfter(ctx, tx, position, query)
		if err == nil && query.Limit > 0 && len(found) == query.Limit {
			reached = found[len(found)-1].Position
		}
		return err
	})
	if errors.Is(err, errEmpty) {
		return nil, max(position, 0), nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading events: %w", err)
	}
	reached = max(reached, position)
	if len(found) == 0 {
		answer.reached = reached
		s.note(question, answer)
	}
	return found, reached, nil
}

func (d Database) readAfter(ctx context.Context, tx *sql.Tx, position int64, query history.EventQuery) ([]history.Positioned, error) {
	var where condition
	where.and("events.position > ?", position)
	if query.Asset != "" {
		where.and("events.asset = ?", query.Asset)
	}
	if query.Partition != "" {
		where.and("events.partition = ? AND events.partition <> ''", query.Partition)
	}
	andIn(&where, "events.type", query.Types)
	text := `SELECT events.position, runs.id, events.seq, events.time, events.type, events.fields
		FROM events ` + d.Join + ` runs ON runs.number = events.run` + where.clause() + ` ORDER BY events.position` + limitClause(query.Limit)
	rows, err := tx.QueryContext(ctx, text, where.args...)
	if err != nil {
		return nil, err
	}
	var found []history.Positioned
	err = eachRow(rows, func(row scanner) error {
		var positioned history.Positioned
		var err error
		positioned.Event, err = scanEvent(behind{row, &positioned.Position})
		found = append(found, positioned)
		return err
	})
	return found, err
}

// behind is a row whose first column is scanned apart.
type behind struct {
	scanner
	first any
}

func (b behind) Scan(into ...any) error { return b.scanner.Scan(append([]any{b.first}, into...)...) }
