package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func TestRun(t *testing.T) {
	newHome(t)
	program := new(shop)
	golden(t, "run", succeed(t, program.definitions(), "run", "--job", "nightly", "--parallel", "1", "--tag", "a=b"))
	noted := program.noted()
	if len(noted) != 6 || noted[0] != "start application" || noted[5] != "stop application" {
		t.Errorf("the application was not started before, or stopped after everything: %q", noted)
	}
}

func TestFailedRun(t *testing.T) {
	newHome(t)
	program := &shop{fail: true}
	got := execute(t, program.definitions(), "run", "--job", "nightly", "--parallel", "1")
	if got.code != 1 || got.err != "" {
		t.Errorf("exit code %d, standard error %q: want 1 and nothing, it stands in the summary", got.code, got.err)
	}
	golden(t, "run-failed", got.out)
	golden(t, "runs-show-failed", succeed(t, program.definitions(), "runs", "show"))
	if noted := program.noted(); noted[len(noted)-1] != "stop application" {
		t.Errorf("the application was not stopped: %q", noted)
	}
}

func TestRunAsJSON(t *testing.T) {
	newHome(t)
	out := succeed(t, new(shop).definitions(), "run", "--job", "fetch", "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var replayed history.Record
	for _, line := range lines[:len(lines)-1] {
		var event history.Event
		decode(t, line, &event)
		if err := replayed.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
	var last struct {
		Type   string         `json:"type"`
		Record history.Record `json:"record"`
	}
	decode(t, lines[len(lines)-1], &last)
	if last.Type != "record" || last.Record.Status != history.StatusSucceeded {
		t.Errorf("the last line is %s", lines[len(lines)-1])
	}
	want, _ := json.Marshal(replayed)
	got, _ := json.Marshal(last.Record)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the record is not the sum of the events (-events +record):\n%s", diff)
	}
}

func TestWhatRunsByDefault(t *testing.T) {
	asset := assets.New("one", func() int { return 1 })
	other := assets.New("two", func() string { return "" })
	job := assets.NewJob("single", assets.Select("two"))
	for name, test := range map[string]struct {
		definitions []fx.Option
		want        string
	}{
		"the only job": {[]fx.Option{asset, other, job}, "job single, 1 step\n"},
		"the only job of assets": {
			[]fx.Option{asset, other, job, assets.NewJob("cleanup", assets.NewOp("delete", func() {}))}, "job single, 1 step\n",
		},
		"all assets without a job": {[]fx.Option{asset, other}, "selection *, 2 steps\n"},
		"several jobs are bad input": {
			[]fx.Option{asset, other, job, assets.NewJob("more", assets.Select("one"))},
			"error: choosing what to run: there are 2 jobs: give --job more or --job single\n",
		},
		"no assets are bad input": {nil, "error: choosing what to run: no assets are defined\n"},
	} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			got := execute(t, test.definitions, "run")
			if !strings.Contains(got.out+got.err, test.want) || (got.code == 64) != strings.HasPrefix(test.want, "error") {
				t.Errorf("exit code %d\n%s%s\nwant %s", got.code, got.out, got.err, test.want)
			}
		})
	}
}

func TestBadInputStartsNothing(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		in   string
		want []string
	}{
		"unknown command":      {args: []string{"rnu"}, want: []string{`no command "rnu", did you mean "run"?`}},
		"unknown subcommand":   {args: []string{"runs", "shwo"}, want: []string{`no command "shwo", did you mean "show"?`}},
		"unknown flag":         {args: []string{"run", "--jbo", "x"}, want: []string{`there is no flag --jbo, did you mean --job?`}},
		"unknown short flag":   {args: []string{"run", "-x"}, want: []string{`there is no flag -x`}},
		"argument too much":    {args: []string{"run", "zzz"}, want: []string{`takes no arguments, only flags: "zzz" is not allowed`}},
		"argument for jobs":    {args: []string{"jobs", "nightly"}, want: []string{`takes no arguments, only flags: "nightly" is not allowed`}},
		"job as an argument":   {args: []string{"run", "nihgtly"}, want: []string{`"nihgtly" is not allowed, did you mean --job nightly?`}},
		"asset as an argument": {args: []string{"run", "revenu"}, want: []string{`"revenu" is not allowed, did you mean --select revenue?`}},
		"selected by argument": {args: []string{"run", "group:raw"}, want: []string{`"group:raw" is not allowed, did you mean --select group:raw?`}},
		"missing argument":     {args: []string{"asset"}, want: []string{`takes one argument, the key of an asset, not 0`}},
		"unknown asset":        {args: []string{"asset", "revenu"}, want: []string{`there is no asset "revenu", did you mean "revenue"?`}},
		"unknown resource":     {args: []string{"resource", "warehous"}, want: []string{`there is no resource "warehous", did you mean "warehouse"?`}},
		"unknown run":          {args: []string{"runs", "show", "x"}, want: []string{`there is no run "x"`}},
		"unknown status":       {args: []string{"runs", "--status", "fialed"}, want: []string{`there is no status "fialed", did you mean "failed"?`}},
		"unknown job":          {args: []string{"run", "--job", "nihgtly"}, want: []string{`there is no job "nihgtly", did you mean "nightly"?`}},
		"unknown selection":    {args: []string{"run", "--select", "+revenu"}, want: []string{`did you mean "revenue"?`}},
		"job and selection":    {args: []string{"run", "--job", "fetch", "--select", "*"}, want: []string{"--job and --select exclude each other: give one of them"}},
		"no parallel steps":    {args: []string{"run", "--parallel", "0"}, want: []string{"--parallel 0: it must be at least 1"}},
		"not a number":         {args: []string{"run", "--parallel", "two"}, want: []string{`"two"`}},
		"tag without value":    {args: []string{"run", "--tag", "x"}, want: []string{`--tag "x": it must have the form NAME=VALUE`}},
		"value and raw":        {args: []string{"asset", "greeting", "--value", "--raw"}, want: []string{"give one of them"}},
		"raw of a struct":      {args: []string{"asset", "revenue", "--raw"}, want: []string{"use --value"}},
		"value of no value":    {args: []string{"asset", "published", "--value"}, want: []string{"it stores its data itself"}},
		"missing config file":  {args: []string{"run", "--config", "/nowhere/x.yaml"}, want: []string{"/nowhere/x.yaml: no such file"}},
		"broken config":        {args: []string{"run", "--config", "-"}, in: "resources: [", want: []string{"standard input: not YAML"}},
		"set without a value":  {args: []string{"run", "--set", secret}, want: []string{"--set number 1"}},
		"set of a short path":  {args: []string{"run", "--set", "password=" + secret}, want: []string{"--set password: a path has the form"}},
		"missing launch value": {args: []string{"run", "--select", "revenue"}, want: []string{"resources.warehouse.config.table: missing: it must be given at launch"}},
		"everything at once": {
			args: []string{"run", "--select", "revenue", "--config", "-", "--set", "resources.warehouse.config.batch=many"},
			in:   "resources: {warehous: {config: {password: " + secret + "}}, warehouse: {config: {tabel: x, dsn: y}}}",
			want: []string{
				"checking the launch: 5 faults", `there is no resource "warehous", did you mean "warehouse"?`,
				`there is no such field, did you mean "table"?`, "resources.warehouse.config.dsn", "resources.warehouse.config.batch",
				"resources.warehouse.config.table: missing",
			},
		},
		"show a resource with a wrong launch": {
			args: []string{"resource", "warehouse", "--set", "resources.warehouse.config.batch=many", "--job", "nightly"},
			want: []string{"checking the launch: resources.warehouse.config.batch"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			home := newHome(t)
			program := new(shop)
			got := executeWith(t, test.in, program.definitions(), test.args...)
			if got.code != 64 {
				t.Errorf("exit code %d, want 64", got.code)
			}
			if name != "value of no value" { // which only the IO manager's side knows
				if noted := program.noted(); len(noted) > 0 {
					t.Errorf("something was started: %q", noted)
				}
			}
			if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the home folder was made: %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(got.err, want) {
					t.Errorf("standard error lacks %q:\n%s", want, got.err)
				}
			}
			if strings.Contains(got.out+got.err, secret) {
				t.Errorf("the secret is shown:\n%s%s", got.out, got.err)
			}
			for _, noise := range []string{"could not build arguments", "reflect.makeFuncStub", "dig.", "fx."} {
				if strings.Contains(got.err, noise) {
					t.Errorf("standard error holds %q:\n%s", noise, got.err)
				}
			}
		})
	}
}

func TestBadDefinitions(t *testing.T) {
	newHome(t)
	type nobody struct{}
	definitions := []fx.Option{
		assets.New("one", func(*nobody) int { return 1 }),
		assets.New("two", func(*nobody) string { return "" }),
	}
	got := execute(t, definitions, "assets", "--json")
	if got.code != 64 {
		t.Errorf("exit code %d, want 64", got.code)
	}
	golden(t, "bad-definitions", got.err+got.out)
}

func TestFailingHooksOfTheApplication(t *testing.T) {
	asset := assets.New("one", func() int { return 1 })
	hook := func(hook fx.Hook) fx.Option { return fx.Invoke(func(lc fx.Lifecycle) { lc.Append(hook) }) }
	fail := func(context.Context) error { return errors.New("no port") }
	t.Run("a failing start is told before any run exists", func(t *testing.T) {
		newHome(t)
		definitions := []fx.Option{asset, hook(fx.Hook{OnStart: fail})}
		got := execute(t, definitions, "run")
		if want := "error: starting the application: no port\n"; got.code != 1 || got.err != want {
			t.Errorf("exit code %d, standard error %q, want 1 and %q", got.code, got.err, want)
		}
		if out := succeed(t, []fx.Option{asset}, "runs"); out != "no runs\n" {
			t.Errorf("a run exists:\n%s", out)
		}
	})
	t.Run("a failing stop is told after the run", func(t *testing.T) {
		newHome(t)
		got := execute(t, []fx.Option{asset, hook(fx.Hook{OnStop: fail})}, "run")
		if want := "error: stopping the application: no port\n"; got.code != 1 || got.err != want {
			t.Errorf("exit code %d, standard error %q, want 1 and %q", got.code, got.err, want)
		}
	})
}

func TestLaunchConfig(t *testing.T) {
	newHome(t)
	folder := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	low := write("low.yaml", "resources: {warehouse: {config: {table: low, batch: 1}}, client: {config: {timeout: 1s, url: low}}}")
	high := write("high.json", `{"resources": {"warehouse": {"config": {"table": "high"}}}}`)
	got := executeWith(t, "resources: {client: {config: {timeout: 9s}}}", new(shop).definitions(), "run", "--dry-run", "--json",
		"--select", "raw/orders", "--select", "revenue", "--config", low, "--config", high, "--config", "-", "--set", "resources.client.config.pages=[1, 2]")
	if got.code != 0 {
		t.Fatal(got.err)
	}
	var plan struct {
		Steps     []struct{ Asset string }
		Resources []container.Description
	}
	decode(t, got.out, &plan)
	values := make(map[string]string)
	for _, resource := range plan.Resources {
		for _, field := range resource.Config {
			if field.Source == container.SourceLaunch {
				values[resource.Key+"."+field.Path] = field.Value
			}
		}
	}
	want := map[string]string{
		"warehouse.table": "high", "warehouse.batch": "1", "client.timeout": "9s", "client.url": "low", "client.pages": "[1,2]",
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if len(plan.Steps) != 2 {
		t.Errorf("two selections give %v", plan.Steps)
	}
}

func TestJSONOfABadLaunchIsOneDocument(t *testing.T) {
	newHome(t)
	for name, args := range map[string][]string{
		"dry run":  {"run", "--select", "revenue", "--dry-run", "--json"},
		"resource": {"resource", "warehouse", "--set", "resources.warehouse.config.batch=5", "--json"},
		"run":      {"run", "--select", "revenue", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, new(shop).definitions(), args...)
			var document struct{ Faults []inspect.Fault }
			decode(t, got.out, &document)
			const path = "resources.warehouse.config.table"
			want := []inspect.Fault{{Message: path + ": missing: it must be given at launch", Path: path}}
			if diff := cmp.Diff(want, document.Faults); got.code != 64 || diff != "" {
				t.Errorf("exit code %d, faults (-want +got):\n%s", got.code, diff)
			}
		})
	}
}

func TestParallelBoundsTheSteps(t *testing.T) {
	newHome(t)
	var executing, most atomic.Int32
	step := func() error {
		most.Store(max(most.Load(), executing.Add(1)))
		for range 1000 { // for others to come in
			runtime.Gosched()
		}
		executing.Add(-1)
		return nil
	}
	var definitions []fx.Option
	for i := range 20 {
		definitions = append(definitions, assets.New(fmt.Sprintf("step_%d", i), step))
	}
	succeed(t, definitions, "run", "--parallel", "1")
	if most.Load() != 1 {
		t.Errorf("%d steps were executed at once, want 1", most.Load())
	}
}

func TestSecretsAreNowhere(t *testing.T) {
	home := newHome(t)
	t.Setenv("PGPASSWORD", secret)
	var seen bytes.Buffer
	for _, password := range []string{secret, "{env: PGPASSWORD}"} {
		for _, fail := range []bool{false, true} {
			for _, more := range [][]string{{}, {"--json"}, {"--dry-run"}, {"--dry-run", "--json"}, {"--verbose"}, {"--set", "resources.warehouse.config.batch=x"}} {
				args := append([]string{"run", "--job", "nightly", "--set", "resources.warehouse.config.password=" + password}, more...)
				got := execute(t, (&shop{fail: fail}).definitions(), args...)
				seen.WriteString(got.out + got.err)
			}
		}
	}
	for _, args := range [][]string{
		{"runs", "show", "-v"},
		{"runs", "show", "--json"},
		{"runs", "--json"},
		{"logs"},
		{"logs", "--json"},
		{"logs", "--events", "--level", "debug"},
		{"logs", "--events", "--json"},
		{"resource", "warehouse", "--json"},
		{"resources"},
		{"resource", "warehouse", "--set", "resources.warehouse.config.password=" + secret},
	} {
		got := execute(t, new(shop).definitions(), args...)
		seen.WriteString(got.out + got.err)
	}
	if strings.Contains(seen.String(), secret) {
		t.Error("an output holds the secret")
	}
	if !strings.Contains(seen.String(), container.Masked) {
		t.Error("no output shows the mask: the test looks at the wrong commands")
	}
	lookForSecret(t, home)
}

func TestForeignTextCanNotMoveTheCursor(t *testing.T) {
	newHome(t)
	definitions := []fx.Option{assets.New("one", func(step *assets.Context) (int, error) {
		step.AddMetadata("note", "a\x1b[2Jb")
		step.Logger().Info("c\x1b[2Jd\r", "e", "f\x1b]0;x\x07")
		return 1, nil
	}), assets.New("two", func() error { return errors.New("g\x1b[2Jh\ni") })}
	got := execute(t, definitions, "run")
	got.out += execute(t, definitions, "runs", "show").out + execute(t, definitions, "asset", "one").out
	if at := strings.IndexAny(got.out, "\x1b\a\r"); at >= 0 {
		t.Errorf("a control character got through: %q", got.out[max(0, at-40):at+10])
	}
}

func TestAnApplicationsOwnStoreAndExecutor(t *testing.T) {
	home := newHome(t)
	store := history.NewMemoryStore()
	executor := &countingExecutor{Executor: runs.InProcess(runs.InProcessConfig{})}
	definitions := []fx.Option{
		assets.New("one", func() error { return nil }),
		fx.Provide(func() history.Store { return store }, func() runs.Executor { return executor }),
	}
	succeed(t, definitions, "run")
	if out := succeed(t, definitions, "runs"); !strings.Contains(out, "succeeded") {
		t.Errorf("the run is not in the application's store:\n%s", out)
	}
	if executor.executed != 1 {
		t.Errorf("the application's executor executed %d runs, want 1", executor.executed)
	}
	if _, err := os.Stat(filepath.Join(home, "fxrun.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a store of ours was made too: %v", err)
	}
	if got := execute(t, definitions, "run", "--parallel", "2"); got.code != 64 || !strings.Contains(got.err, "provides another one") {
		t.Errorf("--parallel: exit code %d, %s", got.code, got.err)
	}
}

type countingExecutor struct {
	runs.Executor
	executed int
}

func (c *countingExecutor) Execute(ctx context.Context, execution *runs.Execution) error {
	c.executed++
	return c.Executor.Execute(ctx, execution)
}

func TestInAHostsTree(t *testing.T) {
	newHome(t)
	host := &cobra.Command{Use: "host", SilenceErrors: true}
	data := cli.Command((&shop{fail: true}).definitions()...)
	data.Use = "data"
	host.AddCommand(data)
	do := func(args ...string) (string, error) {
		var out bytes.Buffer
		host.SetOut(&out)
		host.SetErr(&out)
		host.SetArgs(args)
		err := host.ExecuteContext(t.Context())
		return out.String(), err
	}
	if out, err := do("data", "run", "--job", "nightly"); cli.ExitCode(err) != 1 || !strings.Contains(out, "look at it: host data runs show") {
		t.Errorf("exit code %d\n%s", cli.ExitCode(err), out)
	}
	if _, err := do("data", "rnu"); cli.ExitCode(err) != 64 || !strings.Contains(err.Error(), `host data has no command "rnu"`) {
		t.Errorf("exit code %d, %v", cli.ExitCode(err), err)
	}
	if out, err := do("data", "run", "--help"); err != nil || !strings.Contains(out, "host data run --job nightly") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNothingStoredYet(t *testing.T) {
	newHome(t)
	got := execute(t, new(shop).definitions(), "asset", "revenue", "--value")
	if got.code != 1 || !strings.Contains(got.err, `loading revenue: nothing is stored yet`) {
		t.Errorf("exit code %d, %s", got.code, got.err)
	}
}
