package fxrun_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"

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
	sqliteModules  = []string{
		"github.com/dustin/go-humanize", // SQLite, as all of these
		"github.com/fxrun/fxrun",
		"github.com/google/uuid",
		"github.com/remyoudompheng/bigfft",
		"golang.org/x/sys",
		"modernc.org/libc",
		"modernc.org/mathutil",
		"modernc.org/memory",
		"modernc.org/sqlite",
	}
	postgresModules = []string{
		"github.com/fxrun/fxrun",
		"github.com/jackc/pgpassfile", // pgx, as all of these
		"github.com/jackc/pgservicefile",
		"github.com/jackc/pgx/v5",
		"github.com/jackc/puddle/v2",
		"golang.org/x/sync",
		"golang.org/x/text",
	}
	// Config is taken apart without Fx.
	configModules = []string{"github.com/fxrun/fxrun", "github.com/kelseyhightower/envconfig", "go.yaml.in/yaml/v3"}
	rootModules   = append([]string{
		"github.com/go-json-experiment/json", // iomanagers.JSON
		"github.com/robfig/cron/v3",          // automation: it reads cron expressions
		"github.com/gofrs/flock",             // locks/filelocks
	}, containerModules...)
)

func TestDependencies(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"./container": containerModules, ".": rootModules, "./history": historyModules, "./history/sqlhistory": historyModules,
		"./history/sqlhistory/sqlite": sqliteModules, "./history/sqlhistory/postgres": postgresModules,
		"./internal/config": configModules,
	} {
		t.Run("package "+name+" links no more than is written down", func(t *testing.T) {
			t.Parallel()
			got := slices.Sorted(slices.Values(listed(t, ".", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", name)))
			if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Compact(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	const prefix = "github.com/fxrun/fxrun/"
	const addresses = "internal/postgresaddress" // every package that opens PostgreSQL reads them alike
	forbidden := map[string][]string{
		"backoff":    {"rows", "container", "assets", "iomanagers", "history", "runs", "automation", "modules", "inspect", "server", "cli", "fxruntest", "internal"},
		"rows":       {"backoff", "container", "assets", "iomanagers", "history", "runs", "automation", "modules", "inspect", "server", "cli", "fxruntest"},
		"locks":      {"backoff", "rows", "container", "assets", "iomanagers", "history", "runs", "automation", "modules", "inspect", "server", "cli", "fxruntest", "internal"},
		"history":    {"backoff", "rows", "container", "assets", "iomanagers", "runs", "automation", "modules", "inspect", "server", "cli", "fxruntest", "internal"},
		"container":  {"rows", "assets", "iomanagers", "history", "runs", "automation", "modules", "inspect", "server", "cli", "fxruntest"},
		"assets":     {"iomanagers", "history", "runs", "automation", "modules", "inspect", "server", "cli", "fxruntest"},
		"modules":    {"rows", "assets", "iomanagers", "history", "runs", "automation", "inspect", "server", "cli", "fxruntest"},
		"iomanagers": {"assets", "history", "runs", "automation", "inspect", "server", "cli", "fxruntest"}, // those over a database or a bucket stand on modules
		"runs":       {"automation", "modules", "inspect", "server", "cli", "fxruntest"},
		"automation": {"modules", "inspect", "server", "cli", "fxruntest"},
		"inspect":    {"automation", "modules", "server", "cli", "fxruntest"},
		"server":     {"modules", "cli", "fxruntest"},
		"cli":        {"fxruntest"},
	}
	nested := map[string][]string{
		"modules":    {"modules/bucket"},
		"iomanagers": {"iomanagers/arrowcodec", "iomanagers/objectstore", "iomanagers/parquetcodec"},
	}
	for from, others := range forbidden {
		t.Run(from+" knows nothing of what stands on it", func(t *testing.T) {
			t.Parallel()
			dependencies := listed(t, ".", "-deps", "./"+from+"/...")
			for _, module := range nested[from] {
				dependencies = append(dependencies, listed(t, module, "-deps", "./...")...)
			}
			for _, dependency := range dependencies {
				name, ok := strings.CutPrefix(dependency, prefix)
				if top, _, _ := strings.Cut(name, "/"); ok && slices.Contains(others, top) && name != addresses {
					t.Errorf("%s imports %s", from, name)
				}
			}
		})
	}
}

// TestLargeModulesStayOutOfTheRoot holds the go.mod of the root to what most programs
// need: who runs an example downloads everything that it links, and who requires fxrun
// takes over its versions.
func TestLargeModulesStayOutOfTheRoot(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for nested, large := range map[string][]string{
		"iomanagers/arrowcodec":   {"github.com/apache/arrow-go/"},
		"telemetry":               {"go.opentelemetry.io/otel "},
		"temporal":                {"go.temporal.io/sdk ", "go.temporal.io/api "},
		"iomanagers/parquetcodec": {"github.com/parquet-go/parquet-go ", "github.com/klauspost/compress ", "github.com/pierrec/lz4/v4 ", "google.golang.org/protobuf "},
		"modules/bucket":          {"gocloud.dev ", "google.golang.org/api ", "google.golang.org/grpc "},
		"modules/bucket/s3test":   {"github.com/aws/", "github.com/johannesboyne/gofakes3 "},
	} {
		own, err := os.ReadFile(filepath.Join(nested, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range large {
			if !strings.Contains(string(own), module) {
				t.Errorf("%s does not require %s: look for another name here", nested, module)
			}
			if strings.Contains(string(text), module) {
				t.Errorf("the root requires %s, which is for %s", module, nested)
			}
		}
	}
}

// listed is what go list prints in a folder, word by word.
func listed(t *testing.T, folder string, args ...string) []string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"list"}, args...)...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %s in %s: %v", strings.Join(args, " "), folder, err)
	}
	return strings.Fields(string(out))
}

// general are rooms under internal that most rooms import; DESIGN.md's picture of
// the house leaves them out.
var general = []string{"internal/detach", "internal/digerror", "internal/digraph", "internal/excerpt", "internal/fault", "internal/goroutine", "internal/host", "internal/nearest", "internal/panics", "internal/postgresaddress", "internal/quantity", "internal/signature", "internal/snakecase", "internal/stackless", "internal/tempfile", "internal/timerange", "internal/typename"}

// TestTheHouseNamesEveryInternalPackage finds packages under internal of which
// DESIGN.md says nothing.
func TestTheHouseNamesEveryInternalPackage(t *testing.T) {
	t.Parallel()
	design, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	_, house, _ := strings.Cut(string(design), "\n## The house\n")
	house, _, _ = strings.Cut(house, "\n## ")
	folders, err := os.ReadDir("internal")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		inText, inTable := "`"+folder.Name()+"`", "\ninternal/"+folder.Name()+" "
		if !strings.Contains(house, inText) && !strings.Contains(house, inTable) {
			t.Errorf("the house in DESIGN.md does not name internal/%s", folder.Name())
		}
	}
}

// TestThePictureOfTheHouseIsTrue compares what each room of the table in
// DESIGN.md imports with the code.
func TestThePictureOfTheHouseIsTrue(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imported := make(map[string]map[string]bool)
	for line := range strings.Lines(string(out)) {
		paths := strings.Fields(line)
		from := roomOf(paths[0])
		if from == "" || slices.Contains(general, from) {
			continue
		}
		if imported[from] == nil {
			imported[from] = make(map[string]bool)
		}
		for _, path := range paths[1:] {
			if to := roomOf(path); to != "" && to != from && !slices.Contains(general, to) {
				imported[from][to] = true
			}
		}
	}
	got := make(map[string][]string, len(imported))
	for room, others := range imported {
		got[room] = slices.Sorted(maps.Keys(others))
	}
	if diff := cmp.Diff(pictureOfTheHouse(t), got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-DESIGN.md +code):\n%s", diff)
	}
}

// roomOf is the room of the house that a package is in; "" for a package of
// others, and for examples, pages and what only tests use.
func roomOf(path string) string {
	const module = "github.com/fxrun/fxrun"
	name, ours := strings.CutPrefix(path, module)
	if !ours {
		return ""
	}
	top, below, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	switch top {
	case "":
		return "fxrun"
	case "docs", "examples":
		return ""
	case "internal":
		if first, _, _ := strings.Cut(below, "/"); !strings.HasSuffix(first, "test") {
			return "internal/" + first
		}
		return ""
	}
	return top
}

// pictureOfTheHouse reads the table in DESIGN.md: the rooms, and what each
// imports.
func pictureOfTheHouse(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n---------------  ")
	table, _, _ = strings.Cut(table, "```")
	_, table, _ = strings.Cut(table, "\n")
	const what, imports = 17, 74 // where the columns begin
	rooms := make(map[string][]string)
	room := ""
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		if name := strings.TrimSpace(line[:min(what, len(line))]); name != "" {
			room = name
			rooms[room] = nil
		}
		if len(line) > imports {
			rooms[room] = append(rooms[room], strings.Fields(strings.ReplaceAll(line[imports:], "-", ""))...)
		}
	}
	for _, others := range rooms {
		slices.Sort(others)
	}
	return rooms
}
