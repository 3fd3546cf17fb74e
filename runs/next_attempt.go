package runs

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/internal/panics"
)

// NextAttempt says whether another attempt at a step follows one that has failed with
// err, and after which wait, as the retries of the step say. attempt is the number of the
// failed attempt, counted from 1; attempts that do not use up the retries are not counted.
// If the backoff of the step panics, no attempt follows, and the returned error joins err
// with that panic. Otherwise the returned error is err.
//
// It is for an executor whose processes execute one attempt each. Such an executor records
// history.StepFailed for an attempt whose process has died.
func NextAttempt(step *assets.Step, attempt int, err error) (again bool, wait time.Duration, _ error) {
	if attempt > step.Retries || assets.IsPermanent(err) {
		return false, 0, err
	}
	if step.Backoff == nil {
		return true, 0, err
	}
	fault := panics.Guard(func() error {
		wait = max(0, step.Backoff(attempt))
		return nil
	})
	if fault != nil {
		return false, 0, errors.Join(err, fmt.Errorf("choosing when to try again: %w", fault))
	}
	return true, wait, err
}
