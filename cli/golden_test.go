package cli_test

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/goldentest"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/cli"
)

// result is what a command did.
type result struct {
	code     int
	out, err string
}

// execute runs a command in this process.
func execute(t *testing.T, definitions []fx.Option, args ...string) result {
	t.Helper()
	return executeWith(t, "", definitions, args...)
}

func executeWith(t *testing.T, in string, definitions []fx.Option, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := cli.Run(t.Context(), args, cli.Streams{In: strings.NewReader(in), Out: &out, Err: &err}, definitions...)
	return result{code, out.String(), err.String()}
}

// newHome gives the test a home folder of its own, which does not exist yet.
func newHome(t *testing.T) string {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("FXRUN_HOME", "home")
	return "home"
}

// testdata is where golden files are, wherever a test works.
var testdata, _ = filepath.Abs("testdata")

// succeed runs a command that must.
func succeed(t *testing.T, definitions []fx.Option, args ...string) string {
	t.Helper()
	got := execute(t, definitions, args...)
	if got.code != 0 || got.err != "" {
		t.Fatalf("%q: exit code %d, standard error:\n%s", args, got.code, got.err)
	}
	return got.out
}

// golden compares text with a file in testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldenExact(t, name, normal(got))
}

// goldenExact is golden for text in which nothing varies.
func goldenExact(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join(testdata, name+".golden"), got)
}

var (
	span   = regexp.MustCompile(`<1ms|\b\d+(ms|\.\ds)\b`)
	runID  = regexp.MustCompile(`\b[a-z2-7]{12}\b`)
	clock  = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d`)
	blanks = regexp.MustCompile(`(\S) {2,}`)
)

// varying is what differs from one execution to the next, and what stands for
// it.
var varying = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z?)?`), "DATE"},
	{regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d(\.\d{3})?`), "TIME"},
	{span, "SPAN"},
	{regexp.MustCompile(`"duration_ns": \d+`), `"duration_ns": SPAN`},
	{regexp.MustCompile(`process +\S+`), "process HOST/PID"},
	{regexp.MustCompile(`"owner": "[^"]*"`), `"owner": "HOST/PID"`},
	{regexp.MustCompile(`[a-z]+\.go:\d+`), "FILE:LINE"},
	{regexp.MustCompile(`(?m)[ ]+$`), ""},
}

// concurrent are lines that may come in any order: resources that don't need
// each other start at once.
var concurrent = regexp.MustCompile(`^TIME +(resource|INFO warehouse)`)

func normal(text string) string {
	if span.MatchString(text) { // columns are as wide as what varies
		text = blanks.ReplaceAllString(text, "$1  ")
	}
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.stands)
	}
	text = runID.ReplaceAllStringFunc(text, func(word string) string {
		if word == "materialized" {
			return word
		}
		return "RUN_ID"
	})
	text = strings.ReplaceAll(text, os.Args[0], "shop") // as it was typed
	text = strings.ReplaceAll(text, filepath.Base(os.Args[0]), "shop")
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		end := i
		for end < len(lines) && concurrent.MatchString(lines[end]) {
			end++
		}
		slices.SortFunc(lines[i:end], cmp.Compare)
		i = max(i, end-1)
	}
	return strings.Join(lines, "\n")
}
