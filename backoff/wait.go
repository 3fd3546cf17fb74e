package backoff

import (
	"context"
	"time"
)

// Wait waits, and reports whether ctx lasted that long. A wait of 0 or less is over at once.
func Wait(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
