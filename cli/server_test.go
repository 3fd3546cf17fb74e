package cli_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

// testServer is a served program.
type testServer struct {
	*httptest.Server

	launcher *runs.Launcher
}

func newServer(t *testing.T, change func(*server.Config), definitions ...fx.Option) *testServer {
	t.Helper()
	s := new(testServer)
	var graph *assets.Graph
	var c *container.Container
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Options(definitions...),
		fx.Populate(&s.launcher, &graph, &c))
	app.RequireStart()
	config := server.Config{Inspector: inspect.New(c, graph, s.launcher.Store()), Graph: graph, Launcher: s.launcher, Prefix: "/data"}
	if change != nil {
		change(&config)
	}
	handler, err := server.New(config)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(handler)
	t.Cleanup(func() {
		handler.Close()
		s.Close()
		app.RequireStop()
	})
	return s
}

// address is the address for the flag --server.
func (s *testServer) address() string { return s.URL + "/data" }

// TestCommandsWorkAgainstAServerAsHere executes commands in turn, here and against a server
// with the same definitions, and compares what they write and their exit codes.
func TestCommandsWorkAgainstAServerAsHere(t *testing.T) {
	for name, fail := range map[string]bool{"a program that works": false, "a program that fails": true} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			for file, text := range map[string]string{
				"good.yaml": "resources:\n  warehouse:\n    config:\n      table: sales_2026\n", "bad.yaml": "resources:\n  warehouse:\n    config:\n      batch: many\n      tabel: a\n",
				"broken.yaml": "resources: [", "other.yaml": "steps: {none: {config: {a: 1}}}",
			} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			here := &shop{fail: fail}
			s := newServer(t, nil, (&shop{fail: fail}).definitions()...)
			for _, args := range []string{
				"runs", "runs show", "logs", // nothing has run
				"run --job fetch", "run --job fetch --json", "run", "run --job nightly --tag a=b --tag c=d", "run --select +revenue -c good.yaml -v", "run --select +revenue",
				"run --job nightly --dry-run", "run --select raw/* --dry-run --json", "run --select +revenue --dry-run", "run --select +revenue --dry-run --json",
				"run --job nightly -c bad.yaml", "run --job nightly -c bad.yaml --json", "run --job nightly -c broken.yaml", "run --job nightly -c other.yaml", "run --job nightly -c none.yaml",
				"run --job nightly --set resources.warehouse.config.batch=many", "run --job nightly --set-yaml resources.warehouse.config.batch=[1]", "run --job nightly --set warehouse=a",
				"run --job nightly --set resources.warehouse.config.password={env:_CLI_NOT_SET}", "run --job nightly --set resources.warehouse.config.dsn=x",
				"run --job nightli", "run --select nothing", "run --select (((", "run --job nightly --select revenue", "run --job nightly --tag a", "run --job nightly --tag fxrun/x=y",
				"run --job nightly --retries -1", "run --job nightly --on-crash panic", "run --job nightly --retries 1", "run --job nightly --timeout 1h --priority 3 --on-crash resume",
				"runs --job fetch", "runs --job fetch --json", "runs --status failed --limit 1", "runs --limit 0", "runs --job fetsh", "runs --status lost", "runs --limit -1",
				"runs show", "runs show --json", "runs show zzz", "runs show -v", "logs", "logs --events", "logs --json", "logs --level warn", "logs --step raw/orders", "logs --step none", "logs --follow", "logs zzz",
				"runs cancel zzz", "runs retry zzz", "run --again", "run --again --job x", "runs retry zzz --all --select revenue",
				"run --job fetch --queue", "run --job fetch --queue --json", "runs --status queued", "runs show", "run --again", "run --job fetch --queue --dry-run",
			} {
				local, remote := execute(t, here.definitions(), strings.Fields(args)...), execute(t, here.definitions(), append(strings.Fields(args), "--server", s.address())...)
				if diff := cmp.Diff(alike(local), alike(remote)); diff != "" {
					t.Errorf("%s is different against a server (-here +server):\n%s", args, diff)
				}
			}
			for _, command := range []string{"runs cancel", "runs retry"} {
				var did [2]string
				for i, flags := range [][]string{nil, {"--server", s.address()}} { // both store the same assets
					execute(t, here.definitions(), append([]string{"run", "--again"}, flags...)...)
					last := lastRun(t, here, flags...)
					did[i] = alike(execute(t, here.definitions(), slices.Concat(strings.Fields(command), []string{last[:11]}, flags)...))
				}
				if diff := cmp.Diff(did[0], did[1]); diff != "" {
					t.Errorf("%s is different against a server (-here +server):\n%s", command, diff)
				}
			}
		})
	}
}

// TestCommandsOfDefinitionsWorkAgainstAServerAsHere compares the lists of definitions, and the
// commands about schedules and sensors, with those of a server. Both histories are as new, and
// get the same changes.
func TestCommandsOfDefinitionsWorkAgainstAServerAsHere(t *testing.T) {
	newHome(t)
	here := new(shop)
	shops, ticks := newAutomatedServer(t, new(shop).definitions()), newAutomatedServer(t, ticking())
	for _, c := range []struct {
		definitions []fx.Option
		server      *testServer
		commands    []string
	}{
		{here.definitions(), shops, []string{
			"assets", "assets --json", "assets --select raw/*", "assets --select raw/* --select revenue --json", "assets --select nothing", "assets --select (((",
			"jobs", "jobs --json", "jobs x", "resources", "resources --json", "resources x", "schedules", "sensors --json",
		}},
		{ticking(), ticks, []string{
			"schedules", "schedules --json", "sensors", "sensors --json", "schedule yearly", "schedule yearly --json", "sensor tables", "sensor tables --ticks 5 --json", "sensor broken",
			"sensor none", "sensor table", "schedule tables", "sensor tables --ticks -1", "sensor off table",
			"schedule preview yearly --at 2027-01-01T01:00:00Z", "schedule preview yearly --at 2027-01-01T02:00:00+01:00 --json", "schedule preview yearly --at noon", "schedule preview none",
			"sensor preview tables", "sensor preview tables --cursor abc", "sensor preview tables --json",
			"sensor on broken", "sensor on broken", "sensor on broken --catch-up", "sensors", "sensor off broken", "sensor off broken", "sensor broken", "schedule off yearly", "schedules", "schedule on yearly --catch-up",
			"sensor reset tables", "sensor reset tables --cursor again", "sensor tables", "sensor reset tables --from-start", "sensor tables --json", "sensor reset tables --key none",
			"sensor reset tables --cursor x --from-start", "sensor reset none --cursor x",
		}},
	} {
		for _, args := range c.commands {
			local, remote := execute(t, c.definitions, strings.Fields(args)...), execute(t, c.definitions, append(strings.Fields(args), "--server", c.server.address())...)
			if diff := cmp.Diff(alike(local), alike(remote)); diff != "" {
				t.Errorf("%s is different against a server (-here +server):\n%s", args, diff)
			}
		}
	}
	t.Run("a tick that fails is told", func(t *testing.T) {
		got := execute(t, ticking(), "sensor", "preview", "broken", "--server", ticks.address())
		if got.code == 0 || !strings.Contains(got.err, "evaluating sensor broken: the shop is closed") {
			t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
	})
	t.Run("all ticks are refused", func(t *testing.T) {
		got := execute(t, ticking(), "sensor", "tables", "--ticks", "0", "--server", ticks.address())
		if got.code != 64 || !strings.Contains(got.err, "a server tells at most the last 1000 ticks") {
			t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
		}
	})
}

// newAutomatedServer serves a program with its schedules and sensors.
func newAutomatedServer(t *testing.T, definitions []fx.Option) *testServer {
	t.Helper()
	var automations *automation.Automations
	return newServer(t, func(config *server.Config) { config.Automations = automations }, append(definitions, fx.Populate(&automations))...)
}

func lastRun(t *testing.T, program *shop, flags ...string) string {
	t.Helper()
	return strings.Fields(succeed(t, program.definitions(), append([]string{"runs", "--limit", "1"}, flags...)...))[6]
}

// alike is what a command did, without what differs from run to run, and without what the
// server decides: the progress of a short step, and debug lines.
func alike(got result) string {
	var lines []string
	for line := range strings.Lines(withoutServer.ReplaceAllString(normal(got.out), "")) {
		if !regexp.MustCompile(`step_progress|step raw/orders at|  DEBUG |"level":"DEBUG"`).MatchString(line) {
			lines = append(lines, variesInJSON.ReplaceAllString(line, `"$1":N`))
		}
	}
	out := strings.Join(lines, "")
	if strings.Contains(out, "resource") { // resources start and stop in any order
		slices.Sort(lines)
		out = strings.Join(lines, "")
	}
	return fmt.Sprintf("%s\nstandard error:\n%s\nexit code %d", out, normal(got.err), got.code)
}

var withoutServer = regexp.MustCompile(` --server http://\S+`)

var variesInJSON = regexp.MustCompile(`"(seq|duration_ns|owner)": ?(\d+|"[^"]*")`)

func TestTheServerOfACommand(t *testing.T) {
	const token = "correct-horse-battery"
	s := newServer(t, func(config *server.Config) { config.Token = token }, new(shop).definitions()...)
	newHome(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" && strings.HasPrefix(r.URL.Path, "/moved") {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}
	}))
	t.Cleanup(elsewhere.Close)
	for name, c := range map[string]struct {
		args, server, token, want string
		code                      int
	}{
		"is named by the environment":               {"runs", s.address(), token, "no runs", 0},
		"is named by the flag, which wins":          {"runs --server " + s.address(), "http://127.0.0.1:1", token, "no runs", 0},
		"asks for a token":                          {"runs", s.address(), "", "a token is needed", 64},
		"refuses a wrong token":                     {"runs", s.address(), token + "x", "the token is wrong", 64},
		"is not there":                              {"runs", "http://127.0.0.1:1", token, "connection refused", 1},
		"is no server of fxrun":                     {"runs", elsewhere.URL, token, "no server of fxrun", 1},
		"has another prefix":                        {"runs", s.URL, token, "404", 1},
		"sends to another place":                    {"runs", elsewhere.URL + "/moved", token, "the server sends to http://127.0.0.1:1/", 1},
		"needs a URL":                               {"runs", "localhost:4400", token, "must begin with http:// or https://", 64},
		"has no password in its URL":                {"runs --server http://ann:hunter2@localhost", "", token, "must have no user and no password", 64},
		"has no query":                              {"runs --server http://localhost?token=hunter2", "", token, "must end with its path", 64},
		"has a history of its own":                  {"runs --store postgres://localhost/a", s.address(), token, "--store and FXRUN_SERVER exclude each other", 64},
		"decides how steps are executed":            {"run --job fetch --parallel 2 --isolate step", s.address(), token, "--parallel: the server decides this", 64},
		"decides which lines are kept":              {"run --job fetch --log-level debug", s.address(), token, "--log-level: the server decides this", 64},
		"is not asked by commands without the flag": {"resource warehouse", "http://127.0.0.1:1", token, "warehouse", 0},
		"is asked for definitions":                  {"resources", "http://127.0.0.1:1", token, "connection refused", 1},
		"is refused where it is not asked":          {"resource warehouse --server " + s.address(), "", token, "--server: the command resource asks no server", 64},
		"is refused by what executes":               {"daemon --server " + s.address(), "", token, "--server: the command daemon asks no server", 64},
		"is not the history that is pruned":         {"runs prune --older-than 0s", s.address(), token, "FXRUN_SERVER names a server, and ", 64},
		"has not the queue that is worked":          {"runs work --until-empty", s.address(), token, "runs work asks none", 64},
		"does not tell of values":                   {"asset orders --value", s.address(), token, "asset asks none", 64},
		"is left out by an empty name":              {"runs prune --older-than 0s", "", token, "no runs to remove", 0},
		"is refused by a check":                     {"resources check --server " + s.address(), "", token, "--server: the command check asks no server", 64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FXRUN_SERVER", c.server)
			t.Setenv("FXRUN_TOKEN", c.token)
			got := execute(t, new(shop).definitions(), strings.Fields(c.args)...)
			if got.code != c.code || !strings.Contains(got.out+got.err, c.want) {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
			}
			if strings.Contains(got.out+got.err, "hunter2") || c.token != "" && strings.Contains(got.out+got.err, c.token) {
				t.Errorf("a secret is shown:\n%s%s", got.out, got.err)
			}
		})
	}
}

func TestARunOfAServerIsCancelledByAnInterrupt(t *testing.T) {
	newHome(t)
	s := newServer(t, nil, slow(&safeText{})...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, err safeText
	code := make(chan int, 1)
	go func() {
		code <- cli.Run(ctx, []string{"run", "--select", "*", "--server", s.address()}, cli.Streams{
			Out: writerFunc(func(text []byte) (int, error) {
				if strings.Contains(string(text), "waiting for the end") {
					cancel()
				}
				return out.Write(text)
			}), Err: &err,
		}, slow(&safeText{})...)
	}()
	if got := <-code; got != 130 || !strings.Contains(out.String(), "was cancelled") || !strings.Contains(err.String(), "cancelling: waiting for running steps") {
		t.Errorf("exit code %d\n%s%s", got, out.String(), err.String())
	}
	found, failed := s.launcher.Store().Runs(t.Context(), history.RunQuery{})
	if failed != nil || len(found) != 1 || found[0].Status != history.StatusCancelled {
		t.Errorf("the runs are %+v, %v", found, failed)
	}
}

// TestARunOfAServerIsCancelledAlsoIfNobodyWaits ends the command twice at once, as a person
// does who presses Ctrl-C again.
func TestARunOfAServerIsCancelledAlsoIfNobodyWaits(t *testing.T) {
	home := newHome(t)
	s := newServer(t, nil, slow(&safeText{})...)
	t.Setenv("FXRUN_HOME", home+"2")
	p := start(t, "slow", "run", "--select", "forever", "--server", s.address())
	p.until(t, "waiting for the end")
	p.signal(t, os.Interrupt)
	p.signal(t, syscall.SIGTERM)
	if _, code := p.rest(t); code != 130 {
		t.Errorf("exit code %d", code)
	}
	found, err := s.launcher.Store().Runs(t.Context(), history.RunQuery{})
	if err != nil || len(found) != 1 {
		t.Fatalf("the runs are %+v, %v", found, err)
	}
	run, ok := s.launcher.Active(found[0].ID)
	if ok {
		_ = run.Wait(t.Context()) // it was cancelled
	}
	if record, err := history.Find(t.Context(), s.launcher.Store(), found[0].ID); err != nil || record.Status != history.StatusCancelled {
		t.Errorf("the run is %s, %v", record.Status, err)
	}
}

// safeText is a text that several goroutines may write.
type safeText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *safeText) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

func (s *safeText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
