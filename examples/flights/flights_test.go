package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts the program as a host application in a folder of its own.
func start(t *testing.T, options ...fx.Option) (launcher *runs.Launcher, home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("FXRUN_HOME", home)
	app := fxtest.New(t, fxrun.Module, Definitions(), fx.Options(options...), fx.Populate(&launcher), fx.NopLogger)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return launcher, home
}

func run(t *testing.T, launcher *runs.Launcher, request runs.Request) (history.Record, error) {
	t.Helper()
	handle, err := launcher.Launch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	result := handle.Wait(t.Context())
	record, err := history.Find(t.Context(), launcher.Store(), handle.ID())
	if err != nil {
		t.Fatal(err)
	}
	return record, result
}

func value[T any](t *testing.T, launcher *runs.Launcher, asset string) T {
	t.Helper()
	loaded, err := runs.Value[T](t.Context(), launcher, asset)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// figures computes the delays once more, by SQL over the file that the API
// serves: nothing of the program takes part but the embedded bytes.
func figures(t *testing.T, query string) *sql.Rows {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	text, err := io.ReadAll(data.FlightsJSON())
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `CREATE TABLE flights AS
		SELECT j.value->>'date' AS date, j.value->>'delay' AS delay, j.value->>'origin' AS origin FROM json_each(?) AS j`, string(text))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rows.Close() })
	return rows
}

var near = cmpopts.EquateApprox(0, 1e-9)

func TestNightly(t *testing.T) {
	launcher, home := start(t)
	record, err := run(t, launcher, runs.Request{Job: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	if record.Status != history.StatusSucceeded || len(record.Steps) != 7 {
		t.Fatalf("recorded %+v", record)
	}
	byAirport := value[ByAirport](t, launcher, "delays/by_airport")

	t.Run("delays by airport are those that SQL computes", func(t *testing.T) {
		rows := figures(t, `SELECT origin, COUNT(*), AVG(delay), AVG(delay > 15) FROM flights GROUP BY origin ORDER BY origin`)
		var want ByAirport
		for rows.Next() {
			var row delays.AirportDelay
			if err := rows.Scan(&row.IATA, &row.Flights, &row.MeanDelayMinutes, &row.ShareLate); err != nil {
				t.Fatal(err)
			}
			want = append(want, row)
		}
		if diff := cmp.Diff(want, byAirport, near, cmpopts.IgnoreFields(delays.AirportDelay{}, "Name", "State")); diff != "" || len(want) != 220 {
			t.Errorf("%d rows: %s", len(want), diff)
		}
		i := slices.IndexFunc(byAirport, func(row delays.AirportDelay) bool { return row.IATA == "ATL" })
		if byAirport[i].State != "GA" || !strings.Contains(byAirport[i].Name, "Atlanta") {
			t.Errorf("ATL is %+v", byAirport[i])
		}
	})

	t.Run("the worst are the 20 with the longest mean delay", func(t *testing.T) {
		rows := figures(t, `SELECT origin FROM flights GROUP BY origin HAVING COUNT(*) >= 100 ORDER BY AVG(delay) DESC, origin LIMIT 20`)
		var want, got []string
		for rows.Next() {
			var origin string
			if err := rows.Scan(&origin); err != nil {
				t.Fatal(err)
			}
			want = append(want, origin)
		}
		worst := value[Worst](t, launcher, "delays/worst")
		for _, row := range worst.Airports {
			got = append(got, row.IATA)
		}
		if diff := cmp.Diff(want, got); diff != "" || worst.MinFlights != 100 {
			t.Errorf("of at least %d flights: %s", worst.MinFlights, diff)
		}
	})

	t.Run("delays by month are in the job's table", func(t *testing.T) {
		rows := figures(t, `SELECT replace(substr(date, 1, 7), '/', '-') AS month, COUNT(*), AVG(delay), AVG(delay > 15) FROM flights GROUP BY month ORDER BY month`)
		var want []delays.MonthDelay
		for rows.Next() {
			var row delays.MonthDelay
			if err := rows.Scan(&row.Month, &row.Flights, &row.MeanDelayMinutes, &row.ShareLate); err != nil {
				t.Fatal(err)
			}
			want = append(want, row)
		}
		if diff := cmp.Diff(want, table(t, home, "flights_nightly"), near); diff != "" || len(want) != 3 {
			t.Errorf("%d rows: %s", len(want), diff)
		}
	})

	t.Run("the report is a page that holds the worst airport", func(t *testing.T) {
		page := value[report.HTML](t, launcher, "delays/report")
		worst := value[Worst](t, launcher, "delays/worst")
		if !strings.HasPrefix(string(page), "<!DOCTYPE html>") || !strings.Contains(string(page), worst.Airports[0].IATA) {
			t.Errorf("%.200s", page)
		}
	})

	t.Run("the folder of reports holds the report, and that of the day", func(t *testing.T) {
		page := value[report.HTML](t, launcher, "delays/report")
		for _, key := range []string{"delays/report.html", record.Queued.Format(archived)} {
			stored, err := os.ReadFile(filepath.Join(home, "reports", key))
			if err != nil || string(stored) != string(page) {
				t.Errorf("%s: %.200s, error %v", key, stored, err)
			}
		}
	})
}

// table reads a table of the warehouse's file.
func table(t *testing.T, home, name string) []delays.MonthDelay {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(home, "warehouse.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	months, err := NewWarehouse(WarehouseConfig{Table: name}, &sqldb.DB{DB: db}).Months(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return months
}

func TestTableGivenAtLaunch(t *testing.T) {
	launcher, home := start(t)
	config, err := (container.RunConfig{}).Set("resources.warehouse.config.table", "flights_2001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, launcher, runs.Request{Selection: "+delays/by_month", Config: config}); err != nil {
		t.Fatal(err)
	}
	if months := table(t, home, "flights_2001"); len(months) != 3 {
		t.Errorf("got %+v", months)
	}

	_, err = launcher.Launch(t.Context(), runs.Request{Selection: "+delays/by_month"})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "resources.warehouse.config.table: missing: it must be given at launch") {
		t.Errorf("without a table: %v", err)
	}
	config, err = (container.RunConfig{}).Set("resources.warehouse.config.table", "'x; DROP TABLE y'")
	if err != nil {
		t.Fatal(err)
	}
	_, err = launcher.Launch(t.Context(), runs.Request{Selection: "+delays/by_month", Config: config})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "may hold a-z") {
		t.Errorf("with a table that is none: %v", err)
	}
}

func TestWorstAsTheLaunchSays(t *testing.T) {
	byAirport := ByAirport{
		{IATA: "ATL", Flights: 10, MeanDelayMinutes: 20},
		{IATA: "JFK", Flights: 20, MeanDelayMinutes: 10},
		{IATA: "ORD", Flights: 30, MeanDelayMinutes: 30},
		{IATA: "SFO", Flights: 40, MeanDelayMinutes: 40},
	}
	find := func(cfg WorstConfig) (Worst, error) {
		request := runs.Request{Selection: "delays/worst", Config: container.RunConfig{Steps: map[string]any{"delays/worst": cfg}}}
		result, err := fxruntest.Try(t, request, Definitions(), fxruntest.Given("delays/by_airport", byAirport))
		if err != nil {
			return Worst{}, err
		}
		return fxruntest.Value[Worst](t, result), nil
	}
	worst, err := find(WorstConfig{Count: 2, MinFlights: 20})
	if err != nil {
		t.Fatal(err)
	}
	want := Worst{MinFlights: 20, Airports: []delays.AirportDelay{byAirport[3], byAirport[2]}}
	if diff := cmp.Diff(want, worst); diff != "" {
		t.Error(diff)
	}
	if _, err := find(WorstConfig{}); err == nil || !strings.HasSuffix(err.Error(), "none of 4 airports has 100 flights") {
		t.Errorf("with the default: %v", err)
	}
	_, err = find(WorstConfig{Count: -1})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "steps.delays/worst.config.count: ") {
		t.Errorf("with fewer than none: %v", err)
	}
}

func TestAirlineThatRefuses(t *testing.T) {
	t.Setenv("CARRIER_PASSWORD", "wr0ng-s3cret")
	launcher, _ := start(t)
	record, err := run(t, launcher, runs.Request{Job: "nightly"})
	if err == nil || record.Status != history.StatusFailed || !strings.Contains(err.Error(), "starting resource carrier: ") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %+v", err, err, record), "wr0ng-s3cret") {
		t.Error("the password is shown")
	}
	if _, err := runs.Value[[]byte](t.Context(), launcher, "flights"); !errors.Is(err, iomanagers.ErrNotFound) {
		t.Errorf("flights: %v", err)
	}
}
