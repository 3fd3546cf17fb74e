package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

// What people do by a slip, and must be told: each is bad input, and says what
// to do instead.
func TestSlips(t *testing.T) {
	newHome(t)
	for name, test := range map[string]struct {
		definitions []fx.Option
		args        []string
		want        string
	}{
		"an empty selection":        {new(shop).definitions(), []string{"run", "--select", ""}, "error: reading the flags: --select is given but empty\n"},
		"a selection of blanks":     {new(shop).definitions(), []string{"run", "-s", "revenue", "-s", " "}, "--select is given but empty"},
		"an empty job":              {new(shop).definitions(), []string{"run", "--job", ""}, "error: reading the flags: --job is given but empty\n"},
		"two empty flags":           {new(shop).definitions(), []string{"run", "-j", "", "--config", ""}, "reading the flags: 2 faults"},
		"an empty job to check":     {new(shop).definitions(), []string{"config", "check", "--job", ""}, "--job is given but empty"},
		"an empty status":           {new(shop).definitions(), []string{"runs", "--status", ""}, "--status is given but empty"},
		"an empty run to show":      {new(shop).definitions(), []string{"runs", "show", ""}, "argument number 1 of " + program() + " runs show is given but empty\n"},
		"a blank run to follow":     {new(shop).definitions(), []string{"logs", " "}, "argument number 1 of " + program() + " logs is given but empty\n"},
		"an empty asset":            {new(shop).definitions(), []string{"asset", ""}, "argument number 1 of " + program() + " asset is given but empty\n"},
		"a tag given twice":         {new(shop).definitions(), []string{"run", "-t", "a=1", "-t", "a=2"}, `--tag "a=2": the tag a is given twice` + "\n"},
		"a command behind --":       {new(shop).definitions(), []string{"--", "run"}, `leave out the -- before "run": what follows it is no command` + "\n"},
		"a command behind -- below": {new(shop).definitions(), []string{"config", "--", "check"}, `leave out the -- before "check"`},
		"help about no command":     {new(shop).definitions(), []string{"help", "rum"}, program() + ` has no command "rum", did you mean "run"?` + "\n"},
		"help about too much":       {new(shop).definitions(), []string{"help", "runs", "shw"}, program() + ` runs has no command "shw", did you mean "show"?` + "\n"},
		"a shell that is unknown":   {new(shop).definitions(), []string{"completion", "bsh"}, program() + ` completion has no command "bsh", did you mean "bash"?` + "\n"},
		"a shell and more":          {new(shop).definitions(), []string{"completion", "bash", "x"}, `takes no arguments, only flags: "x" is not allowed` + "\n"},
		"an empty job to show":      {new(shop).definitions(), []string{"runs", "show", "--job", ""}, "there is no flag --job"},
		"a time without a unit":     {new(shop).definitions(), []string{"runs", "cancel", "x", "--wait", "5"}, `error: reading the flags of ` + program() + ` runs cancel: --wait takes a duration such as 5s or 1m30s, not "5"` + "\n"},
		"a number that is none":     {new(shop).definitions(), []string{"run", "-p", "x"}, `error: reading the flags of ` + program() + ` run: --parallel takes a whole number, not "x"` + "\n"},
		"a switch with a value":     {new(shop).definitions(), []string{"run", "--dry-run=x"}, `--dry-run takes true or false, not "x"` + "\n"},
		"a flag without its value":  {new(shop).definitions(), []string{"run", "--job"}, "--job needs a value\n"},
		"a step where an asset is asked for": {
			factory(), []string{"asset", "both"}, `there is no asset "both": step both makes bill and catalog` + "\n",
		},
		"an asset where a step is asked for": {
			factory(),
			[]string{"run", "--job", "split", "--set", "steps.both.config.day=x", "--set", "steps.bill.config.limit=1"},
			`steps.bill: there is no step "bill": step both makes it, configure that`,
		},
		"a step that two jobs have": {
			janitor(),
			[]string{"config", "check", "--set", "steps.find.config.older=7d"},
			`steps.find: there are several steps "find": name the job whose step is meant`,
		},
		"a job that nobody heard of": {
			new(shop).definitions(), []string{"runs", "--job", "nightyl"}, `error: reading the flags: --job: there is no job "nightyl", and no run of such a job, did you mean "nightly"?` + "\n",
		},
		"a context that is no pointer": {
			[]fx.Option{assets.New("it", takes(reflect.TypeFor[assets.Context]()))}, []string{"assets"}, "it needs assets.Context: take it as *assets.Context",
		},
		"a resource that is no IO manager": {
			append(new(shop).definitions(), assets.New("it", func() int { return 1 }, assets.IO("warehouse"))),
			[]string{"assets"},
			"is stored by resource warehouse, which is no IO manager: it gives *cli_test.warehouse, not iomanagers.IOManager",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, test.definitions, test.args...)
			if got.code != 64 || !strings.Contains(got.err, test.want) || got.out != "" {
				t.Errorf("exit code %d, standard output %q, standard error %q, want %q", got.code, got.out, got.err, test.want)
			}
		})
	}
}

// takes is a function with a parameter of a type that a literal may not take.
func takes(t reflect.Type) any {
	return reflect.MakeFunc(reflect.FuncOf([]reflect.Type{t}, []reflect.Type{reflect.TypeFor[int]()}, false),
		func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.ValueOf(0)} }).Interface()
}

// program is what the commands are called after.
func program() string { return filepath.Base(os.Args[0]) }

func TestAnErrorIsJSONWhereverTheFlagStands(t *testing.T) {
	newHome(t)
	for _, args := range [][]string{
		{"run", "--jbo", "x", "--json"},
		{"run", "--json", "--jbo", "x"},
		{"run", "-p", "x", "--json=true"},
		{"assets", "--no", "--json"},
		{"run", "--select", "", "--json"},
	} {
		got := execute(t, new(shop).definitions(), args...)
		var told struct {
			Type   string
			Faults []inspect.Fault
			Code   int `json:"exit_code"`
		}
		if err := json.Unmarshal([]byte(got.out), &told); err != nil || told.Type != "error" || told.Code != 64 || len(told.Faults) != 1 || got.code != 64 {
			t.Errorf("%q: exit code %d, %v, got %q", args, got.code, err, got.out)
		}
	}
	for _, args := range [][]string{{"run", "--jbo", "--", "--json"}, {"run", "--jbo", "--json=false"}} {
		if got := execute(t, new(shop).definitions(), args...); got.out != "" {
			t.Errorf("%q: got %q", args, got.out)
		}
	}
}

func TestStepsThatJobsShareNeedTheJob(t *testing.T) {
	newHome(t)
	golden(t, "ops-config-template", succeed(t, janitor(), "config", "template"))
	golden(t, "ops-config-schema", succeed(t, janitor(), "config", "schema"))
	golden(t, "ops-config-template-job", succeed(t, janitor(), "config", "template", "--job", "audit"))
}

func TestAStepOfSeveralAssetsIsDrawnWithThem(t *testing.T) {
	newHome(t)
	for name, args := range map[string][]string{
		"steps-graph-tree":    {"graph", "--select", "bill", "--format", "tree"},
		"steps-graph-mermaid": {"graph", "--select", "bill", "--format", "mermaid"},
		"steps-graph-dot":     {"graph", "--select", "bill", "--format", "dot"},
		"steps-graph-json":    {"graph", "--select", "bill", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			got := succeed(t, factory(), args...)
			golden(t, name, got)
			for _, want := range []string{"bill", "cli_test.bill", "catalog", "cli_test.catalog"} {
				if !strings.Contains(strings.NewReplacer("#95;", "_", "#46;", ".").Replace(got), want) {
					t.Errorf("%s is not in it", want)
				}
			}
		})
	}
}

func TestStepsThatAreNotPartOfTheRun(t *testing.T) {
	newHome(t)
	args := []string{"run", "--select", "bill", "--set", "steps.both.config.day=Monday"}
	definitions := func() []fx.Option {
		type aside struct{ N int }
		return append(factory(), assets.New("aside", func(aside) int { return 1 }, assets.Config(aside{})))
	}
	given := append(args[:len(args):len(args)], "--set", "steps.aside.config.n=1")
	const note = "note: steps.aside is not part of this run\n"
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"are noted":                   {given, note},
		"are noted by a dry run":      {append(given[:len(given):len(given)], "--dry-run"), note},
		"are not noted beside JSON":   {append(given[:len(given):len(given)], "--json"), ""},
		"are not noted where none is": {args, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := execute(t, definitions(), test.args...); got.code != 0 || got.err != test.want {
				t.Errorf("exit code %d, standard error %q, want %q", got.code, got.err, test.want)
			}
		})
	}
}

func TestLogsOfARunWithoutLines(t *testing.T) {
	newHome(t)
	definitions := []fx.Option{assets.New("quiet", func() int { return 1 })}
	succeed(t, definitions, "run")
	for want, args := range map[string][]string{
		"no lines; --events shows what happened\n":      {"logs"},
		"no such lines; --events shows what happened\n": {"logs", "--level", "error"},
		"": {"logs", "--json"},
	} {
		if got := succeed(t, definitions, args...); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}
	if got := succeed(t, definitions, "logs", "--events"); strings.Contains(got, "lines") {
		t.Errorf("got %q", got)
	}
}

func TestAHistoryThatIsNone(t *testing.T) {
	newHome(t)
	if err := os.MkdirAll("home", 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("home", "fxrun.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("junk ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := execute(t, new(shop).definitions(), "runs"); got.code != 1 || !strings.Contains(got.err, file) {
		t.Errorf("exit code %d, standard error %q", got.code, got.err)
	}
}

func TestAnEmptySecretIsNotGiven(t *testing.T) {
	newHome(t)
	t.Setenv("SERVICE_TOKEN", secret)
	type service struct{}
	type serviceConfig struct {
		Token container.Secret[string] `required:"true"`
	}
	started := false
	definitions := []fx.Option{
		container.Provide("service", func(serviceConfig) *service { started = true; return nil }, container.Config(serviceConfig{}, container.FromEnv("SERVICE"))),
		assets.New("it", func(*service) int { return 1 }),
	}
	for _, args := range [][]string{{"config", "check"}, {"run"}, {"run", "--dry-run"}} {
		got := execute(t, definitions, append(args, "--set", "resources.service.config.token=")...)
		if got.code != 64 || !strings.Contains(got.err, "resources.service.config.token: missing: the launch gives an empty text") || started {
			t.Errorf("%q: exit code %d, standard error %q, started %t", args, got.code, got.err, started)
		}
	}
}
