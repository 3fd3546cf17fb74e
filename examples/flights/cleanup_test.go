package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/runs"
)

// keptInMemory are reports by name, in place of those of a folder.
type keptInMemory map[string]string

func (k keptInMemory) Write(_ context.Context, name string, page []byte) (string, error) {
	k[name] = string(page)
	return name, nil
}

func (k keptInMemory) Names(_ context.Context, folder string) (names []string, _ error) {
	for _, name := range slices.Sorted(maps.Keys(k)) {
		if path.Dir(name) == folder {
			names = append(names, name)
		}
	}
	return names, nil
}

func (k keptInMemory) Remove(_ context.Context, names ...string) error {
	for _, name := range names {
		delete(k, name)
	}
	return nil
}

// reportsNamed are reports in memory.
func reportsNamed(names ...string) keptInMemory {
	reports := keptInMemory{}
	for _, name := range names {
		reports[name] = "a report"
	}
	return reports
}

// insteadOfReports makes a fake of what assets ask for as an interface.
func insteadOfReports(reports Reports) fx.Option {
	return fx.Replace(fx.Annotate(reports, fx.As(new(Reports))))
}

func TestFindOldReports(t *testing.T) {
	reports := reportsNamed(
		"archive/2001-01-29.html", "archive/2001-01-30.html", "archive/2001-02-28.html", "archive/2001-03-01.html",
		"archive/readme.txt", "archive/2001-01-01.pdf", "2001-01-01.html", "delays/report.html")
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		at   time.Time
		days int
		want OldReports
	}{
		{"thirty days before the run are kept", time.Date(2001, time.March, 1, 2, 0, 0, 0, time.UTC), 30, OldReports{"archive/2001-01-29.html"}},
		{"at any hour of the day", time.Date(2001, time.March, 1, 23, 59, 0, 0, time.UTC), 30, OldReports{"archive/2001-01-29.html"}},
		{"a day begins in UTC", time.Date(2001, time.February, 28, 22, 0, 0, 0, newYork), 30, OldReports{"archive/2001-01-29.html"}},
		{"also where summer time has begun", time.Date(2001, time.April, 9, 20, 30, 0, 0, newYork), 40, OldReports{"archive/2001-01-29.html", "archive/2001-01-30.html", "archive/2001-02-28.html"}},
		{"a day later one more is old", time.Date(2001, time.March, 2, 2, 0, 0, 0, time.UTC), 30, OldReports{"archive/2001-01-29.html", "archive/2001-01-30.html"}},
		{"zero keeps the day's own", time.Date(2001, time.March, 1, 2, 0, 0, 0, time.UTC), 0, OldReports{"archive/2001-01-29.html", "archive/2001-01-30.html", "archive/2001-02-28.html"}},
		{"a long time keeps all", time.Date(2001, time.March, 1, 2, 0, 0, 0, time.UTC), 365, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := FindOldReports(t.Context(), container.RunInfo{Launched: test.at}, KeepConfig{KeepDays: test.days}, reports)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("error %v, want (-), got (+):\n%s", err, diff)
			}
		})
	}
}

// In the bubble it is midnight of 2000-01-01, in UTC.
func TestCleanup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reports := reportsNamed("archive/1999-12-01.html", "archive/1999-12-02.html", "archive/2000-01-01.html", "delays/report.html")
		fxruntest.RunJob(t, "cleanup", Definitions(), insteadOfReports(reports))
		want := []string{"archive/1999-12-02.html", "archive/2000-01-01.html", "delays/report.html"}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(reports))); diff != "" {
			t.Errorf("by default, want (-), got (+):\n%s", diff)
		}

		day := container.RunConfig{Steps: map[string]any{"find_old_reports": KeepConfig{KeepDays: 1}}}
		fxruntest.RunJob(t, "cleanup", Definitions(), insteadOfReports(reports), fxruntest.Config(day))
		want = []string{"archive/2000-01-01.html", "delays/report.html"}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(reports))); diff != "" {
			t.Errorf("with a day given at launch, want (-), got (+):\n%s", diff)
		}
	})
}

// flaky has one old report, which it refuses to delete at first.
type flaky struct {
	Reports  // what is not below is not called
	refusals int
	deleted  []string
}

func (f *flaky) Names(context.Context, string) ([]string, error) {
	return []string{"archive/1999-01-01.html"}, nil
}

func (f *flaky) Remove(_ context.Context, names ...string) error {
	if f.refusals > 0 {
		f.refusals--
		return errors.New("slow down")
	}
	f.deleted = append(f.deleted, names...)
	return nil
}

// Time in the bubble passes as soon as everything waits, so that the waits
// before further attempts cost none.
func TestDeletingIsTriedAgain(t *testing.T) {
	for refusals, want := range map[int]struct {
		attempts int
		deleted  []string
		message  string
	}{
		0: {attempts: 1, deleted: []string{"archive/1999-01-01.html"}},
		2: {attempts: 3, deleted: []string{"archive/1999-01-01.html"}},
		3: {attempts: 3, message: "attempt 3 of 3: "},
	} {
		t.Run(fmt.Sprintf("after %d refusals", refusals), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &flaky{refusals: refusals}
				result, err := fxruntest.Try(t, runs.Request{Job: "cleanup"}, Definitions(),
					insteadOfReports(store))
				if message := fmt.Sprint(err); (err != nil) != (want.message != "") || !strings.Contains(message, want.message) {
					t.Errorf("error %v", err)
				}
				if step, _ := result.Record.Step("delete_reports"); step.Attempt != want.attempts {
					t.Errorf("it took %d attempts, want %d", step.Attempt, want.attempts)
				}
				if diff := cmp.Diff(want.deleted, store.deleted); diff != "" {
					t.Errorf("deleted, want (-), got (+):\n%s", diff)
				}
			})
		})
	}
}
