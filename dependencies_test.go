package fxrun_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What users' programs link because they import a package of ours. A change
// here is a decision: say why in DESIGN.md.
var (
	containerModules = []string{
		"github.com/fxrun/fxrun",
		"github.com/kelseyhightower/envconfig",
		"go.uber.org/dig",
		"go.uber.org/fx",
		"go.uber.org/multierr", // fx
		"go.uber.org/zap",      // fx
		"go.yaml.in/yaml/v3",
		"golang.org/x/sys", // fx
	}
	// A program that only reads a history links no Fx.
	historyModules = []string{"github.com/fxrun/fxrun"}
	// Config is taken apart without Fx.
	configModules = []string{"github.com/fxrun/fxrun", "github.com/kelseyhightower/envconfig", "go.yaml.in/yaml/v3"}
	rootModules   = append([]string{
		"github.com/jszwec/csvutil", // iomanagers.CSV
	}, containerModules...)
)

func TestDependencies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"./container": containerModules, ".": rootModules, "./history": historyModules, "./history/sqlhistory": historyModules,
		"./internal/config": configModules,
	} {
		t.Run("package "+name+" links no more than is written down", func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", name).Output()
			if err != nil {
				t.Fatal(err)
			}
			got := slices.Sorted(slices.Values(strings.Fields(string(out))))
			if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Compact(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	const prefix = "github.com/fxrun/fxrun/"
	forbidden := map[string][]string{
		"backoff":    {"rows", "container", "assets", "iomanagers", "history", "runs", "modules", "inspect", "cli", "fxruntest", "internal"},
		"rows":       {"backoff", "container", "assets", "iomanagers", "history", "runs", "modules", "inspect", "cli", "fxruntest"},
		"history":    {"backoff", "rows", "container", "assets", "iomanagers", "runs", "modules", "inspect", "cli", "fxruntest", "internal"},
		"container":  {"rows", "assets", "iomanagers", "history", "runs", "modules", "inspect", "cli", "fxruntest"},
		"assets":     {"iomanagers", "history", "runs", "modules", "inspect", "cli", "fxruntest"},
		"modules":    {"rows", "assets", "iomanagers", "history", "runs", "inspect", "cli", "fxruntest"},
		"iomanagers": {"assets", "history", "runs", "inspect", "cli", "fxruntest"}, // those over a database or a bucket stand on modules
		"runs":       {"modules", "inspect", "cli", "fxruntest"},
		"inspect":    {"modules", "cli", "fxruntest"},
		"cli":        {"fxruntest"},
	}
	for from, others := range forbidden {
		t.Run(from+" knows nothing of what stands on it", func(t *testing.T) {
			t.Parallel()
			out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+from+"/...").Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, dependency := range strings.Fields(string(out)) {
				name, ok := strings.CutPrefix(dependency, prefix)
				if top, _, _ := strings.Cut(name, "/"); ok && slices.Contains(others, top) {
					t.Errorf("%s imports %s", from, name)
				}
			}
		})
	}
}
