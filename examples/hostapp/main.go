// Command hostapp is an Fx application with an HTTP server that launches runs
// and shows them.
//
//	go run ./examples/hostapp
//	curl -i -d '{"job": "report"}' localhost:8080/runs
//	curl localhost:8080/runs/ID
//
// To run jobs it needs fxrun.Module, a store for the history, and the definitions.
// The rest is an ordinary application. When it stops, it waits for the active runs.
package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
)

// Clock is a resource of the runs.
type Clock struct{ Now func() time.Time }

// ClockConfig says what the clock shows.
type ClockConfig struct {
	Zone string `default:"UTC" desc:"time zone, as in Europe/Paris"`
}

// Validate refuses a launch with an unknown time zone.
func (c ClockConfig) Validate() error {
	_, err := time.LoadLocation(c.Zone)
	return err
}

// NewClock returns a clock in the config's time zone.
func NewClock(cfg ClockConfig) (*Clock, error) {
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return nil, err
	}
	return &Clock{func() time.Time { return time.Now().In(zone) }}, nil
}

type (
	Today  string
	Report string
)

// FindToday takes a resource, and WriteReport takes the other asset.
func FindToday(clock *Clock) Today { return Today(clock.Now().Format("Monday, 2 January 2006")) }

func WriteReport(today Today, log *slog.Logger) Report {
	log.Info("writing the report")
	return "It is " + Report(today) + ".\n"
}

// Application is the whole program except the address of the server.
func Application() fx.Option {
	return fx.Options(
		fxrun.Module,
		sqlitefx.Module(fxrun.Home()),
		container.Provide("clock", NewClock, container.Config(ClockConfig{}, container.FromEnv("CLOCK"))),
		assets.New("today", FindToday),
		assets.New("report", WriteReport),
		assets.NewJob("report", assets.Select("+report")),

		// These are the application's own. Runs log to its logger too.
		fx.Provide(NewServer, slog.Default),
		fx.Invoke(func(*Server) {}),
		fx.WithLogger(func(log *slog.Logger) fxevent.Logger {
			events := &fxevent.SlogLogger{Logger: log}
			events.UseLogLevel(slog.LevelDebug)
			return events
		}),
	)
}

func main() {
	if os.Getenv("FXRUN_HOME") == "" { // each example has a home of its own: they may run in one folder
		_ = os.Setenv("FXRUN_HOME", filepath.Join(".fxrun", "hostapp"))
	}
	address := "localhost:8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	fx.New(Application(), fx.Supply(Address(address)), fx.StopTimeout(time.Minute)).Run()
}
