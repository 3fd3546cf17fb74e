package postgres

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

// OpenWithin is Open with other limits.
func OpenWithin(ctx context.Context, url string, patience, silence time.Duration) (*sqlhistory.Store, error) {
	return open(ctx, url, true, limits{patience: patience, silence: silence, reading: silence})
}
