package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/bucket"
)

// OldReports are the keys of reports in the bucket. One op passes them to the other
// with this type.
type OldReports []string

// KeepConfig says how long reports are kept. A launch sets it under
// steps.find_old_reports.config.
type KeepConfig struct {
	KeepDays int `split_words:"true" default:"30" min:"0" desc:"age, in days, up to which a report is kept"`
}

// FindOldReports finds the reports that ArchiveReport wrote too long ago. It uses
// the time of the run and not the clock, so a further attempt or a late one finds
// the same reports.
func FindOldReports(ctx context.Context, run container.RunInfo, cfg KeepConfig, reports *bucket.Bucket) (OldReports, error) {
	today := run.Launched.UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, -cfg.KeepDays)
	var old OldReports
	for object, err := range reports.List(ctx, "archive/") {
		if err != nil {
			return nil, err
		}
		if day, err := time.Parse(archived, object.Key); err == nil && day.Before(first) {
			old = append(old, object.Key)
		}
	}
	return old, nil
}

// DeleteReports deletes the reports that were found. It may be called again after a
// failure. A report that no longer exists is not an error.
func DeleteReports(ctx context.Context, log *slog.Logger, old OldReports, reports *bucket.Bucket) error {
	if err := reports.Remove(ctx, old...); err != nil {
		return err
	}
	log.Info("deleted old reports", "reports", len(old))
	return nil
}
