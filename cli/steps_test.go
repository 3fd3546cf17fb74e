package cli_test

import (
	"bytes"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type (
	day     string
	bill    struct{ Cents int }
	catalog struct{ Items int }

	splitConfig struct {
		Day   string                   `json:"day"`
		Limit int                      `default:"50"`
		Key   container.Secret[string] `json:"key"`
	}
	sendConfig struct {
		To    string                   `json:"to"`
		Token container.Secret[string] `json:"token"`
	}

	split struct {
		fx.Out

		Bill    bill    `name:"bill"`
		Catalog catalog `name:"catalog"`
	}
)

// factory is a small program of steps: one function that makes two assets at
// its second attempt, with a config of its own, and a job of ops.
func factory() []fx.Option {
	attempts := 0
	return []fx.Option{
		assets.New("both", func(step *assets.Context, config splitConfig) (split, error) {
			step.Logger().Info("split", "config", config, "key", config.Key)
			if attempts++; attempts == 1 {
				return split{}, errors.New("try me again")
			}
			return split{Bill: bill{100}, Catalog: catalog{config.Limit}}, nil
		},
			assets.Config(splitConfig{}, container.FromEnv("SPLIT"), container.AtLaunch("Day")),
			assets.Retry(2, nil), assets.Timeout(time.Minute), assets.Describe("bill and catalog"),
			assets.ForOutput("bill", assets.CodeVersion("v2"))),
		assets.New("total", func(b bill) int { return b.Cents }),
		assets.NewJob("split", assets.Select("*")),
		assets.NewJob("notify", assets.DescribeJob("tell everybody"),
			assets.NewOp("write", func() day { return "Monday" }),
			assets.NewOp("send", func(step *assets.Context, today day, config sendConfig) error {
				step.Logger().Info("sent", "to", config.To, "token", config.Token)
				return nil
			}, assets.Config(sendConfig{To: "all@shop.example"}, container.FromEnv("SEND"))),
		),
	}
}

func TestSteps(t *testing.T) {
	home := newHome(t)
	t.Setenv("SPLIT_KEY", secret)
	t.Setenv("SEND_TOKEN", secret)
	for name, args := range map[string][]string{
		"steps-jobs":            {"jobs"},
		"steps-jobs-json":       {"jobs", "--json"},
		"steps-asset":           {"asset", "bill"},
		"steps-asset-json":      {"asset", "bill", "--json"},
		"steps-dry-run":         {"run", "--job", "split", "--dry-run", "--set", "steps.both.config.day=Monday"},
		"steps-dry-run-json":    {"run", "--job", "split", "--dry-run", "--json", "--set", "steps.both.config.day=Monday"},
		"steps-dry-run-ops":     {"run", "--job", "notify", "--dry-run"},
		"steps-config-schema":   {"config", "schema"},
		"steps-schema-job":      {"config", "schema", "--job", "notify"},
		"steps-schema-select":   {"config", "schema", "--select", "total"},
		"steps-config-template": {"config", "template"},
		"steps-template-job":    {"config", "template", "--job", "notify", "--set", "steps.send.config.to=you"},
		"steps-config-check":    {"config", "check", "--set", "steps.both.config.day=Monday"},
		"steps-check-json":      {"config", "check", "--set", "steps.both.config.day=Monday", "--json", "--job", "split"},
		"steps-check-op":        {"config", "check", "--set", "steps.both.config.day=Monday", "--set", "steps.send.config.to=you"},
		"steps-graph":           {"graph", "--format", "tree"},
	} {
		t.Run(name, func(t *testing.T) {
			out := succeed(t, factory(), args...)
			if strings.Contains(out, secret) {
				t.Error("the output holds the secret")
			}
			golden(t, name, out)
		})
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the home folder was made: %v", err)
	}
}

func TestRunsOfSteps(t *testing.T) {
	newHome(t)
	succeedTo := func(name string, args ...string) { golden(t, name, succeed(t, factory(), args...)) }
	succeedTo("steps-run", "run", "--job", "split", "--set", "steps.both.config.day=Monday", "--set", "steps.both.config.limit=7")
	succeedTo("steps-run-show", "runs", "show")
	succeedTo("steps-run-logs", "logs", "--step", "both")
	succeedTo("steps-run-ops", "run", "--job", "notify")
	succeedTo("steps-assets", "assets")
	succeedTo("steps-value", "asset", "catalog", "--value")
	t.Run("a run config that speaks of steps is right for all commands that take one", func(t *testing.T) {
		of := []string{"--set", "steps.both.config.day=Monday", "--set", "steps.send.config.to=you"}
		succeed(t, factory(), append([]string{"asset", "catalog", "--value"}, of...)...)
		succeed(t, factory(), append([]string{"resource", "io_manager"}, of...)...)
		wrong := execute(t, factory(), "resource", "io_manager", "--set", "steps.bth.config.day=Monday")
		if want := `there is no step "bth", did you mean "both"?`; wrong.code != 64 || !strings.Contains(wrong.err, want) {
			t.Errorf("exit code %d, standard error %q, want 64 and %q", wrong.code, wrong.err, want)
		}
	})
}

func TestDryRunSaysWhatIsMissing(t *testing.T) {
	home := newHome(t)
	program := new(shop)
	definitions := append(program.definitions(), factory()...)
	for name, more := range map[string][]string{"steps-missing": nil, "steps-missing-json": {"--json"}} {
		args := append([]string{"run", "--select", "revenue or bill", "--set", "steps.both.config.limit=many", "--dry-run"}, more...)
		got := execute(t, definitions, args...)
		if got.code != 64 {
			t.Errorf("%s: exit code %d, want 64", name, got.code)
		}
		for _, want := range []string{"resources.warehouse.config.table: missing", "steps.both.config.day: missing", "steps.both.config.limit"} {
			if !strings.Contains(got.err, want) {
				t.Errorf("%s: standard error lacks %q:\n%s", name, want, got.err)
			}
		}
		golden(t, name, got.out)
	}
	if noted := program.noted(); len(noted) > 0 {
		t.Errorf("something was started: %q", noted)
	}
	if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the home folder was made: %v", err)
	}
}

func TestSecretsOfStepsAreNowhere(t *testing.T) {
	home := newHome(t)
	t.Setenv("A_SECRET", secret)
	t.Setenv("SEND_TOKEN", secret)
	var seen bytes.Buffer
	see := func(args ...string) {
		got := execute(t, factory(), args...)
		seen.WriteString(got.out + got.err)
		if strings.Contains(got.out+got.err, secret) {
			t.Errorf("the output of %q holds the secret", args)
		}
	}
	for _, key := range []string{secret, "{env: A_SECRET}"} {
		set := []string{"--set", "steps.both.config.key=" + key}
		day := append(set, "--set", "steps.both.config.day=Monday")
		wrong := append(day, "--set", "steps.both.config.limit="+secret)
		for _, more := range [][]string{set, day, wrong} {
			for _, args := range [][]string{
				{"run", "--job", "split"},
				{"run", "--job", "split", "--json"},
				{"run", "--job", "split", "--verbose"},
				{"run", "--job", "split", "--dry-run"},
				{"run", "--job", "split", "--dry-run", "--json"},
				{"config", "check"},
				{"config", "check", "--json"},
				{"config", "template"},
				{"config", "check", "--job", "split", "--json"},
				{"resource", "io_manager"},
				{"asset", "bill", "--value"},
			} {
				see(append(args, more...)...)
			}
		}
		see("run", "--job", "notify", "--set", "steps.send.config.token="+key)
		see("run", "--job", "notify", "--json", "--set", "steps.send.config.tokne="+key)
		see("run", "--job", "notify", "--set", "steps.sned.config.token="+key)
		see("run", "--job", "notify", "--set", "steps.send.config.to={env: SEND_TOKEN}", "--set", "steps.send.config.token={env: SEND_TOKEN}", "--dry-run")
	}
	for _, args := range [][]string{
		{"logs"},
		{"logs", "--json"},
		{"logs", "--events"},
		{"logs", "--events", "--json"},
		{"logs", "--step", "send", "--follow"},
		{"runs"},
		{"runs", "--json"},
		{"runs", "show", "-v"},
		{"runs", "show", "--json"},
		{"jobs", "--json"},
		{"assets", "--json"},
		{"asset", "bill", "--json"},
		{"graph", "--json"},
		{"config", "schema"},
		{"config", "schema", "--job", "notify"},
		{"config", "template"},
		{"config", "template", "--job", "notify"},
		{"resources", "--json"},
		{"run", "--job", "notify", "--dry-run"},
		{"run", "--job", "notify", "--dry-run", "--json"},
	} {
		see(args...)
	}
	if !strings.Contains(seen.String(), container.Masked) {
		t.Error("no output shows the mask: the test looks at the wrong commands")
	}
	lookForSecret(t, home)
}

// lookForSecret looks into every file.
func lookForSecret(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestAHomeThatCanNotBe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	program := new(shop)
	for _, home := range []string{"file", filepath.Join("file", "deeper")} {
		t.Setenv("FXRUN_HOME", home)
		for _, args := range [][]string{{"run", "--job", "nightly"}, {"runs"}, {"runs", "show"}, {"logs"}, {"assets"}, {"asset", "revenue"}} {
			got := execute(t, program.definitions(), args...)
			want := "error: opening the run history: in " + home + ", which FXRUN_HOME names: "
			if got.code != 64 || !strings.HasPrefix(got.err, want) || !strings.Contains(got.err, "not a directory") {
				t.Errorf("%q: exit code %d, standard error %q, want 64 and %q", args, got.code, got.err, want)
			}
		}
	}
	t.Run("without the variable the default is named", func(t *testing.T) {
		t.Setenv("FXRUN_HOME", "")
		if err := os.WriteFile(".fxrun", nil, 0o600); err != nil {
			t.Fatal(err)
		}
		got := execute(t, program.definitions(), "run", "--job", "nightly")
		if want := "in .fxrun, the default without FXRUN_HOME: "; got.code != 64 || !strings.Contains(got.err, want) {
			t.Errorf("exit code %d, standard error %q, want 64 and %q", got.code, got.err, want)
		}
	})
	if noted := program.noted(); len(noted) > 0 {
		t.Errorf("something was started: %q", noted)
	}
}

func TestValueOfAStreamIsAList(t *testing.T) {
	type order struct{ ID int }
	stream := assets.New("orders", func() iter.Seq2[[]order, error] {
		return func(yield func([]order, error) bool) { _ = yield([]order{{1}, {2}}, nil) && yield([]order{{3}}, nil) }
	})
	newHome(t)
	if got := execute(t, []fx.Option{stream}, "run"); got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	got := execute(t, []fx.Option{stream}, "asset", "orders", "--value")
	if text := strings.Join(strings.Fields(got.out), ""); text != `[{"ID":1},{"ID":2},{"ID":3}]` || got.code != 0 {
		t.Errorf("exit code %d: %s\n%s", got.code, text, got.err)
	}
}
