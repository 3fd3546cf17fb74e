package docs_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"

	"go.uber.org/fx"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// Settings are the application's own.
type Settings struct {
	Address  string // where the server listens
	Database string // an SQLite file
	Folder   string // for history and values
}

func NewLogger() *slog.Logger { return slog.New(slog.NewJSONHandler(os.Stderr, nil)) }

func NewDB(lc fx.Lifecycle, settings Settings) (*sql.DB, error) {
	db, err := sql.Open("sqlite", settings.Database)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(db.Close))
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS sales (day TEXT, cents INTEGER)`)
		return err
	}))
	return db, nil
}

// Server listens from start to stop.
type Server struct{ listener net.Listener }

func NewServer(lc fx.Lifecycle, settings Settings, handler http.Handler) *Server {
	s := &Server{}
	server := &http.Server{Handler: handler}
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) (err error) {
			s.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", settings.Address)
			if err == nil {
				go func() { _ = server.Serve(s.listener) }()
			}
			return err
		},
		OnStop: server.Shutdown,
	})
	return s
}

// ---- what is new ----

// SalesConfig is the config of the asset sales.
type SalesConfig struct {
	Day string `pattern:"^\\d{4}-\\d\\d-\\d\\d$"`
}

type (
	Sales  []int64
	Profit int64
)

// LoadSales gets the application's own *sql.DB and a logger that knows the run.
func LoadSales(ctx context.Context, cfg SalesConfig, db *sql.DB, log *slog.Logger) (Sales, error) {
	rows, err := db.QueryContext(ctx, `SELECT cents FROM sales WHERE day = ?`, cfg.Day)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sales Sales
	for rows.Next() {
		var cents int64
		if err := rows.Scan(&cents); err != nil {
			return nil, err
		}
		sales = append(sales, cents)
	}
	log.InfoContext(ctx, "loaded", "sales", len(sales))
	return sales, rows.Err()
}

func ComputeProfit(sales Sales) (profit Profit) {
	for _, cents := range sales {
		profit += Profit(cents) / 10
	}
	return profit
}

// Jobs are the definitions: what runs do, and with what.
func Jobs() fx.Option {
	return fx.Options(
		container.Provide("tx", NewTx),
		assets.New("sales", LoadSales, assets.Config(SalesConfig{}, container.AtLaunch("Day"))),
		assets.New("profit", ComputeProfit),
		assets.NewJob("daily", assets.Select("+profit")),
	)
}

// Storage keeps history and values in the application's folder.
func Storage(settings Settings) fx.Option {
	return fx.Options(
		sqlitefx.Module(settings.Folder),
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: settings.Folder + "/values"}),
	)
}

// Core is what the server and the command line share.
func Core(settings Settings) fx.Option {
	return fx.Options(
		fx.Supply(settings), fx.Provide(NewLogger, NewDB, NewHandler, NewServer), // as before
		Jobs(),
		Storage(settings),
	)
}

// Application is the whole server: fx.New(Application(settings)).Run().
func Application(settings Settings) fx.Option {
	return fx.Options(
		Core(settings),
		fxrun.Module,
		fx.Invoke(func(*Server) {}), // as before
	)
}

// NewHandler takes the launcher, and so the server stops before the launcher.
func NewHandler(launcher *runs.Launcher, resources *container.Container) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /daily/{day}", func(w http.ResponseWriter, r *http.Request) { launch(w, r, launcher) })
	mux.HandleFunc("GET /runs/{id}", func(w http.ResponseWriter, r *http.Request) { show(w, r, launcher) })
	mux.HandleFunc("POST /sales/{day}/{cents}", func(w http.ResponseWriter, r *http.Request) { sell(w, r, resources) })
	return mux
}

// launch begins a run, and waits for it if it was asked to.
func launch(w http.ResponseWriter, r *http.Request, launcher *runs.Launcher) {
	run, err := launcher.Launch(r.Context(), runs.Request{
		Job:    "daily",
		Config: container.RunConfig{Steps: map[string]any{"sales": SalesConfig{Day: r.PathValue("day")}}},
		Tags:   map[string]string{"from": "http"},
	})
	switch {
	case errors.Is(err, container.ErrInvalid): // no run was made; the text says all that is wrong
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case errors.Is(err, runs.ErrClosed): // the application is stopping
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	case err != nil: // the history can't be written
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Location", "/runs/"+run.ID())
	if !r.URL.Query().Has("wait") {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if err := run.Wait(r.Context()); err != nil { // the run failed, or the client is gone and the run goes on
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// show writes what is known of a run.
func show(w http.ResponseWriter, r *http.Request, launcher *runs.Launcher) {
	record, err := history.Find(r.Context(), launcher.Store(), r.PathValue("id"))
	switch {
	case errors.Is(err, history.ErrNotFound):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	default:
		_ = json.NewEncoder(w).Encode(record)
	}
}

// Tx lives as long as a request, or a run, and commits if that succeeds.
type Tx struct{ *sql.Tx }

func NewTx(lc fx.Lifecycle, db *sql.DB) *Tx {
	tx := &Tx{}
	container.Around(lc, func(ctx context.Context, yield func() error) (err error) {
		if tx.Tx, err = db.BeginTx(ctx, nil); err != nil {
			return err
		}
		defer tx.Rollback() // does nothing after a commit
		if yield() != nil {
			return nil
		}
		return tx.Commit()
	})
	return tx
}

// sell answers a request in a child container of its own.
func sell(w http.ResponseWriter, r *http.Request, resources *container.Container) {
	err := resources.Invoke(r.Context(), func(ctx context.Context, tx *Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sales VALUES (?, ?)`, r.PathValue("day"), r.PathValue("cents"))
		return err
	})
	if err != nil { // the function's, or that of the commit
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
