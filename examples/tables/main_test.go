package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// servers are a catalogue and a webhook.
type servers struct {
	mu     sync.Mutex
	tables []string
	alerts []string
}

func (s *servers) add(table string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tables = append(s.tables, table)
}

func (s *servers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost:
		text, _ := io.ReadAll(r.Body)
		s.alerts = append(s.alerts, string(text))
	case r.URL.Path == "/tables":
		_ = json.NewEncoder(w).Encode(s.tables)
	case strings.HasSuffix(r.URL.Path, "broken"):
		http.Error(w, "broken", http.StatusInternalServerError)
	default:
		_ = json.NewEncoder(w).Encode(7)
	}
}

func serve(t *testing.T) *servers {
	t.Helper()
	s := new(servers)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("CATALOGUE_URL", server.URL)
	t.Setenv("WEBHOOK_URL", server.URL+"/alerts")
	return s
}

func TestEachTableIsLoadedOnce(t *testing.T) {
	s := serve(t)
	t.Setenv("FXRUN_HOME", t.TempDir())
	var launcher *runs.Launcher
	app := fxtest.New(t, fx.NopLogger, fxrun.Module, fxrun.Daemon, sqlitefx.Module(t.TempDir()), iomanagers.Memory("io_manager"),
		Definitions(), fx.Populate(&launcher))
	app.RequireStart()
	defer app.RequireStop()
	s.add("orders")
	s.add("broken")
	ended := func(count int) []history.Record {
		t.Helper()
		for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			found, err := launcher.Store().Runs(context.Background(), history.RunQuery{Statuses: []history.Status{history.StatusSucceeded, history.StatusFailed}})
			if err != nil {
				t.Fatal(err)
			}
			if len(found) >= count {
				return found
			}
			if time.Since(began) > time.Minute {
				t.Fatalf("%d runs have ended", len(found))
			}
		}
	}
	ended(2)
	s.add("shops")
	keys := make(map[string]history.Status)
	for _, record := range ended(3) {
		keys[record.Tags[automation.TagRunKey]] = record.Status
	}
	want := map[string]history.Status{"orders": history.StatusSucceeded, "broken": history.StatusFailed, "shops": history.StatusSucceeded}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		s.mu.Lock()
		alerts := slices.Clone(s.alerts)
		s.mu.Unlock()
		if len(alerts) == 1 && strings.Contains(alerts[0], "of job load_table failed: materializing loaded: asking the catalogue for tables/broken") {
			return
		}
		if len(alerts) > 1 || time.Since(began) > time.Minute {
			t.Fatalf("the alerts are %q", alerts)
		}
	}
}

func TestTheReportIsForWorkingDays(t *testing.T) {
	serve(t)
	for day, skipped := range map[string]bool{"2026-12-24": false, "2026-12-25": true, "2026-12-27": true} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		preview := fxruntest.Schedule(t, "report", automation.Occasion{Scheduled: at}, Definitions())
		if preview.Skipped != skipped || !skipped && preview.Requests[0].Run.Queued.Tags["day"] != day {
			t.Errorf("on %s: %+v", day, preview)
		}
	}
}

func TestTheSensorAsksForEachTableOfTheCatalogue(t *testing.T) {
	s := serve(t)
	s.add("a")
	s.add("b")
	preview := fxruntest.Sensor(t, "new_tables", automation.Occasion{}, Definitions())
	if len(preview.Requests) != 2 || string(preview.Requests[1].Run.Queued.Config) != `{"resources":{"warehouse":{"config":{"table":"b"}}}}` {
		t.Errorf("got %+v", preview)
	}
}
