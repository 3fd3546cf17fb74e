package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

var (
	_ history.Sized = (*Store)(nil)
	_ history.Sized = (*Lazy)(nil)
)

// Size returns how many bytes the history takes in the database.
func (s *Store) Size(ctx context.Context) (int64, error) {
	var size int64
	err := s.read(ctx, func(tx *sql.Tx) error { return tx.QueryRowContext(ctx, s.db.Size).Scan(&size) })
	if err != nil && !errors.Is(err, errEmpty) {
		return 0, fmt.Errorf("reading the size of the history: %w", err)
	}
	return size, nil
}

// Size returns how many bytes the history takes in the database.
func (l *Lazy) Size(ctx context.Context) (int64, error) {
	store, err := l.reading(ctx)
	if err != nil {
		return 0, err
	}
	if sized, ok := store.(history.Sized); ok {
		return sized.Size(ctx)
	}
	return 0, nil // nothing was recorded yet
}
