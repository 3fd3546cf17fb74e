package docs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// Inbox is a resource that knows which tables are new.
type Inbox struct{ tables []string }

// Root is the host's own command line, with the runs as a part of it.
func Root(settings Settings) *cobra.Command {
	data := cli.Command(Core(settings)) // neither fxrun.Module nor the server
	data.Use = "data"
	root := &cobra.Command{Use: "shop", SilenceUsage: true}
	root.AddCommand(data, &cobra.Command{Use: "serve", Run: func(*cobra.Command, []string) {
		fx.New(Application(settings)).Run()
	}})
	return root // main: os.Exit(cli.ExitCode(root.Execute()))
}

func settingsIn(t *testing.T) Settings {
	t.Helper()
	folder := t.TempDir()
	return Settings{Address: "127.0.0.1:0", Database: folder + "/shop.db", Folder: folder}
}

// started is the real application, with a silent logger and values in memory.
func started(t *testing.T) *Server {
	t.Helper()
	var server *Server
	app := fxtest.New(t, Application(settingsIn(t)),
		fx.Replace(slog.New(slog.DiscardHandler)), // in handlers and in every run
		fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		fx.Populate(&server))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return server
}

func TestApplication(t *testing.T) {
	server := started(t)
	url := "http://" + server.listener.Addr().String()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	post := func(path string) (int, string, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, response.Header.Get("Location"), string(body)
	}
	if code, _, body := post("/sales/2026-07-01/1200"); code != http.StatusOK {
		t.Fatal(code, body)
	}
	code, location, body := post("/daily/2026-07-01?wait")
	if code != http.StatusOK || !strings.HasPrefix(location, "/runs/") {
		t.Fatal(code, location, body)
	}
	if code, _, body := post("/daily/yesterday"); code != http.StatusBadRequest || !strings.Contains(body, "steps.sales.config.day") {
		t.Error(code, body)
	}
	if code, later, _ := post("/daily/2026-07-02"); code != http.StatusAccepted || later == location {
		t.Error(code, later)
	}
	response, err := client.Get(url + location) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(text), `"status":"succeeded"`) {
		t.Error(string(text), err)
	}
}

func TestDailyAlone(t *testing.T) {
	db, err := sql.Open("sqlite", t.TempDir()+"/shop.db")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE sales (day TEXT, cents INTEGER); INSERT INTO sales VALUES ('2026-07-01', 500)`); err != nil {
		t.Fatal(err)
	}
	result := fxruntest.RunJob(t, "daily", Jobs(),
		fx.Supply(db), // what the application would have provided
		fxruntest.Config(container.RunConfig{Steps: map[string]any{"sales": SalesConfig{Day: "2026-07-01"}}}))
	if got := fxruntest.Value[Profit](t, result); got != 50 {
		t.Error(got)
	}
}

func TestCommands(t *testing.T) {
	settings := settingsIn(t)
	for _, test := range []struct{ args, want string }{
		{"data run --set steps.sales.config.day=2026-07-01", "succeeded"},
		{"data runs", "daily  succeeded"},
		{"data asset profit --value", "0"},
	} {
		var out bytes.Buffer
		root := Root(settings)
		root.SetArgs(strings.Fields(test.args))
		root.SetOut(&out)
		root.SetErr(&out)
		if code := cli.ExitCode(root.Execute()); code != 0 || !strings.Contains(out.String(), test.want) {
			t.Errorf("%s: exit code %d, %s", test.args, code, out.String())
		}
	}
}

func TestRunsAreTornDownBeforeTheApplicationHasStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var happened []string
		note := func(what string) fx.Hook { return fx.StopHook(func() { happened = append(happened, what) }) }
		entered := make(chan struct{})
		var launcher *runs.Launcher
		app := fx.New(fxrun.Module, iomanagers.Memory("io_manager"), fx.NopLogger,
			fx.Supply(fx.Annotate(history.NewMemoryStore(), fx.As(new(history.Store)))),
			fx.Provide(func(lc fx.Lifecycle) *sql.DB {
				lc.Append(note("the application's database"))
				return new(sql.DB)
			}),
			container.Provide("shared", func(lc fx.Lifecycle, _ *sql.DB) *Scratch {
				lc.Append(note("what lives per process"))
				return &Scratch{}
			}, container.PerProcess()),
			container.Provide("own", func(lc fx.Lifecycle, _ *Scratch) *Inbox {
				lc.Append(note("what lives per run"))
				return &Inbox{}
			}),
			assets.New("endless", func(ctx context.Context, _ *Inbox) error {
				close(entered)
				<-ctx.Done()
				return context.Cause(ctx)
			}),
			fx.Populate(&launcher))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		run, err := launcher.Launch(t.Context(), runs.Request{Selection: "endless"})
		if err != nil {
			t.Fatal(err)
		}
		<-entered
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := app.Stop(ctx); err == nil || !strings.Contains(err.Error(), "cancelled") {
			t.Error(err)
		}
		if err := run.Wait(ctx); !errors.Is(err, runs.ErrCancelled) || run.Status() != history.StatusCancelled {
			t.Error(err)
		}
		want := []string{"what lives per run", "what lives per process", "the application's database"}
		if diff := cmp.Diff(want, happened); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDefinitionsAreCheckedWhenTheLauncherIsAskedFor(t *testing.T) {
	wrong := fx.Options(fxrun.Module, fx.NopLogger, assets.New("profit", ComputeProfit))
	if err := fx.New(wrong).Err(); err != nil {
		t.Error("nobody asks:", err)
	}
	err := fx.New(wrong, fx.Invoke(func(*runs.Launcher) {})).Err()
	faults, ok := errors.AsType[*container.Faults](err)
	if !ok || strings.Contains(faults.Error(), "makeFuncStub") || !strings.Contains(faults.Error(), "it needs docs_test.Sales") {
		t.Error(err)
	}
}

func TestInvokeKnowsWhatDefinitionsAskFor(t *testing.T) {
	var resources *container.Container
	app := fx.New(fxrun.Module, fx.NopLogger, fx.Populate(&resources), fx.Supply(&Settled{7}, &Inbox{}),
		container.Provide("scratch", func(*Settled) *Scratch { return &Scratch{} }))
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	if err := resources.Invoke(t.Context(), func(*Settled) {}); err != nil {
		t.Error("a resource asks for it:", err)
	}
	if err := resources.Invoke(t.Context(), func(*Inbox) {}); !errors.Is(err, container.ErrInvalid) {
		t.Error("no definition asks for it:", err)
	}
}

type Settled struct{ Max int }

func TestWhatReachesRuns(t *testing.T) {
	named := func(p struct {
		fx.In
		Replica *Inbox `name:"replica"`
	},
	) string {
		return p.Replica.tables[0]
	}
	for name, test := range map[string]struct {
		host  fx.Option
		fn    any
		want  string // the value
		fault string // or why there is none
	}{
		"a type that it provides": {
			host: fx.Supply(zap.NewNop()), fn: func(*zap.Logger) string { return "it" }, want: "it",
		},
		"an interface that it provides": {
			host: fx.Provide(fx.Annotate(func() fakeSky { return "stars" }, fx.As(new(Sky)))),
			fn:   func(s Sky) string { return s.Look(context.Background()) }, want: "stars",
		},
		"not a struct as an interface that it was not provided as": {
			host: fx.Supply(fakeSky("stars")), fn: func(Sky) string { return "" }, fault: "it needs docs_test.Sky, which nothing provides",
		},
		"a named value": {
			host: fx.Supply(fx.Annotated{Name: "replica", Target: &Inbox{tables: []string{"it"}}}), fn: named, want: "it",
		},
		"not a zero value": {
			host: fx.Supply(Settled{}), fn: func(Settled) string { return "" }, fault: "it needs docs_test.Settled, which nothing provides",
		},
		"a pointer to a zero value": {
			host: fx.Supply(&Settled{}), fn: func(s *Settled) string { return fmt.Sprint(s.Max) }, want: "0",
		},
		"not what lacks something itself": {
			host: fx.Provide(func(*sql.DB) *Settled { return nil }), fn: func(*Settled) string { return "" }, fault: "something that it is built from is missing there",
		},
		"its own in place of a resource of that type": {
			host: fx.Options(fx.Supply(&Settled{7}), container.Provide("settled", func() *Settled { return &Settled{8} })),
			fn:   func(s *Settled) string { return fmt.Sprint(s.Max) }, want: "7",
		},
		"what is private to its module": {
			host: fx.Module("m", fx.Provide(func() *Settled { return &Settled{7} }, fx.Private),
				container.Provide("text", func(s *Settled) string { return fmt.Sprint(s.Max) })),
			fn: func(p struct {
				fx.In
				Text string `name:"text"`
			},
			) string {
				return p.Text
			}, want: "7",
		},
		"not the launcher": {
			host: fx.Options(), fn: func(*runs.Launcher) string { return "" }, fault: "it needs *runs.Launcher, which nothing provides",
		},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := fxruntest.Try(t, runs.Request{Selection: "asset"}, test.host, assets.New("asset", test.fn))
			switch {
			case test.fault != "":
				if err == nil || !strings.Contains(err.Error(), test.fault) {
					t.Error(err)
				}
			case err != nil:
				t.Error(err)
			default:
				if got := fxruntest.ValueOf[string](t, result, "asset"); got != test.want {
					t.Error(got)
				}
			}
		})
	}
}
