package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/fxrun/fxrun/container"
)

// OldReports are the names of reports. One op passes them to the other with this
// type.
type OldReports []string

// KeepConfig says how long reports are kept. A launch sets it under
// steps.find_old_reports.config.
type KeepConfig struct {
	KeepDays int `split_words:"true" default:"30" min:"0" desc:"age, in days, up to which a report is kept"`
}

// FindOldReports finds the reports that ArchiveReport wrote too long ago. It uses
// the time of the run and not the clock, so a further attempt or a late one finds
// the same reports.
func FindOldReports(ctx context.Context, run container.RunInfo, cfg KeepConfig, reports Reports) (OldReports, error) {
	today := run.Launched.UTC().Truncate(24 * time.Hour)
	first := today.AddDate(0, 0, -cfg.KeepDays)
	names, err := reports.Names(ctx, "archive")
	if err != nil {
		return nil, err
	}
	var old OldReports
	for _, name := range names {
		if day, err := time.Parse(archived, name); err == nil && day.Before(first) {
			old = append(old, name)
		}
	}
	return old, nil
}

// DeleteReports deletes the reports that were found. It may be called again after a
// failure. A report that no longer exists is not an error.
func DeleteReports(ctx context.Context, log *slog.Logger, old OldReports, reports Reports) error {
	if err := reports.Remove(ctx, old...); err != nil {
		return err
	}
	log.Info("deleted old reports", "reports", len(old))
	return nil
}
