package fxrun_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// pages are the texts for users; code is what they may quote.
var (
	pages = []string{"*.md", "docs/*.md", "bench/*.md", "examples/*/*/*.md"}
	code  = []string{"*.go", "docs/*.go", "examples/*/*.go", "telemetry/*.go"}
)

// read returns the files that match one of the patterns, by name.
func read(t *testing.T, patterns []string) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] = string(text)
		}
	}
	if len(texts) == 0 {
		t.Fatalf("nothing matches %s", patterns)
	}
	return texts
}

// fence is what begins and ends a block, with its language.
const fence = "```"

var block = regexp.MustCompile("(?ms)^" + fence + "(go|text)\n(.*?)^" + fence + "$")

// TestSnippetsAreCode holds every Go snippet in prose to code that is compiled
// and tested: it must stand in a file of this folder, of docs, or of an example,
// letter by letter. A block of text must stand there as the checked output of an
// example.
func TestSnippetsAreCode(t *testing.T) {
	t.Parallel()
	all := strings.Join(slices.Collect(maps.Values(read(t, code))), "\n")
	for page, text := range read(t, pages) {
		found := block.FindAllStringSubmatch(text, -1)
		if want := strings.Count(text, fence+"go\n") + strings.Count(text, fence+"text\n"); len(found) != want {
			t.Errorf("%s: %d of %d blocks can be read", page, len(found), want)
		}
		for _, match := range found {
			quoted := match[2]
			if match[1] == "text" {
				quoted = asOutput(quoted)
			}
			if !strings.Contains(all, quoted) {
				t.Errorf("%s: this is in no Go file:\n%s", page, match[2])
			}
		}
		if page == "README.md" && len(found) == 0 {
			t.Errorf("%s: no snippet was found", page)
		}
	}
}

// asOutput writes a text as the comment that an example's output is.
func asOutput(text string) string {
	var comment strings.Builder
	for line := range strings.Lines(text) {
		comment.WriteString(strings.TrimRight("\t// "+strings.TrimSuffix(line, "\n"), " ") + "\n")
	}
	return comment.String()
}

var (
	quoted = regexp.MustCompile("`[^`\n]+`")
	symbol = regexp.MustCompile(`\b([a-z]+)\.([A-Z]\w*)`)
)

// folders are the packages whose names the pages may speak of, by what they are
// called there.
var folders = map[string]string{
	"assets": "assets", "backoff": "backoff", "cli": "cli", "container": "container", "containertest": "container/containertest", "fxrun": ".",
	"fxruntest": "fxruntest", "iomanagers": "iomanagers", "iotest": "iomanagers/iotest", "parquetcodec": "iomanagers/parquetcodec",
	"rows": "rows", "runs": "runs", "history": "history", "telemetry": "telemetry", "inspect": "inspect",
	"automation": "automation", "locks": "locks", "server": "server", "signature": "internal/signature", "typename": "internal/typename",
	"binding": "internal/binding", "temporal": "temporal", "sqlite": "history/sqlhistory/sqlite",
}

// TestNamesInProseExist finds names in prose that are no longer in the code.
func TestNamesInProseExist(t *testing.T) {
	t.Parallel()
	exported := make(map[string]map[string]bool)
	for name, folder := range folders {
		exported[name] = declared(t, folder)
	}
	for page, text := range read(t, pages) {
		for _, inline := range quoted.FindAllString(text, -1) {
			for _, match := range symbol.FindAllStringSubmatch(inline, -1) {
				if names, ours := exported[match[1]]; ours && !names[match[2]] {
					t.Errorf("%s speaks of %s, which is not there", page, match[0])
				}
			}
		}
	}
}

// declared are the names that the package in a folder declares.
func declared(t *testing.T, folder string) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	for file := range read(t, []string{filepath.Join(folder, "*.go")}) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				if declaration.Recv == nil {
					names[declaration.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names[spec.Name.Name] = true
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							names[name.Name] = true
						}
					}
				}
			}
		}
	}
	return names
}

var (
	fenced  = regexp.MustCompile("(?ms)^" + fence + ".*?^" + fence + "$")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	marks   = regexp.MustCompile("[^a-z0-9 _-]")
)

// TestLinksLeadSomewhere follows the links between files of the repository, and
// to headings.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for page, text := range read(t, pages) {
		text = quoted.ReplaceAllString(fenced.ReplaceAllString(text, ""), "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(match[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere", page, match[1])
				continue
			}
			if anchor != "" && !hasHeading(t, target, anchor) {
				t.Errorf("%s: the link %s leads to no heading", page, match[1])
			}
		}
	}
}

// hasHeading reports whether a page has a heading of which GitHub makes the
// anchor.
func hasHeading(t *testing.T, page, anchor string) bool {
	t.Helper()
	for _, text := range read(t, []string{page}) {
		for _, match := range heading.FindAllStringSubmatch(text, -1) {
			if strings.ReplaceAll(marks.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}

// prompt is a line of a console block that a reader types, without the comment
// after it.
var prompt = regexp.MustCompile(`(?m)^\$ (.*?)(?:\s+#.*)?$`)

// ownModule begins the commands that a reader types outside the repository.
const ownModule = "mkdir shop"

// TestReadmeCommands runs the README's commands, as they stand there. It knows
// each command that it does not run.
func TestReadmeCommands(t *testing.T) {
	repository, own := readmeCommands(t)
	known := []string{"git clone https://github.com/fxrun/fxrun", "cd fxrun", "./test"}
	t.Setenv("FXRUN_HOME", t.TempDir())
	ran := 0
	for _, line := range repository {
		switch {
		case slices.Contains(known, line):
		case strings.HasPrefix(line, "go run ./examples/"):
			ran++
			if out, err := shell(t, ".", line); err != nil {
				t.Errorf("%s: %v\n%s", line, err, out)
			}
		default:
			t.Errorf("nothing tests the command %s", line)
		}
	}
	if ran < 5 {
		t.Errorf("%d commands were run", ran)
	}
	if len(own) < 5 {
		t.Errorf("found %d commands for a module of one's own", len(own))
	}
}

// readmeCommands returns the commands for the repository, and those for a module
// of the reader's own.
func readmeCommands(t *testing.T) (repository, own []string) {
	t.Helper()
	var commands []string
	for _, match := range prompt.FindAllStringSubmatch(read(t, []string{"README.md"})["README.md"], -1) {
		commands = append(commands, match[1])
	}
	first := slices.Index(commands, ownModule)
	if first < 0 {
		t.Fatalf("the README has no command %s", ownModule)
	}
	return commands[:first], commands[first:]
}

// program is the README's complete program.
var program = regexp.MustCompile("(?ms)^" + fence + "go\n(package main\n.*?)^" + fence + "$")

// TestReadmeOwnModule follows the README's steps for a module of the reader's
// own, in an empty folder. There the module fxrun is this folder, not the one
// that is published.
func TestReadmeOwnModule(t *testing.T) {
	readme := read(t, []string{"README.md"})["README.md"]
	main := program.FindStringSubmatch(readme)
	if main == nil {
		t.Fatal("the README has no complete program")
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOWORK", "off")
	t.Setenv("FXRUN_HOME", "")
	_, commands := readmeCommands(t)
	empty := t.TempDir()
	folder := filepath.Join(empty, "shop")
	script := []string{"set -e"}
	for _, line := range commands {
		script = append(script, line)
		if strings.HasPrefix(line, "go mod init ") {
			script = append(script, "go mod edit -require=github.com/fxrun/fxrun@v0.0.0 -replace=github.com/fxrun/fxrun="+root)
			if out, err := shell(t, empty, strings.Join(script, "\n")); err != nil {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
			write(t, filepath.Join(folder, "main.go"), main[1])
			write(t, filepath.Join(folder, "go.sum"), string(sums))
			script = []string{"set -e"}
		}
	}
	out, err := shell(t, folder, strings.Join(script, "\n"))
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(script, "; "), err, out)
	}
	_, shown, _ := strings.Cut(readme, "$ go run . asset revenue --value\n")
	shown, _, _ = strings.Cut(shown, "\n"+fence)
	for line := range strings.Lines(shown + "\n") {
		if !strings.HasPrefix(line, "$ ") && line != "...\n" && !strings.Contains(out, line) {
			t.Errorf("the commands don't print %q, but\n%s", line, out)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shell runs a script in a folder and returns all that it prints.
func shell(t *testing.T, folder, script string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	command.Dir = folder
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestFiguresAreThoseOfThePage holds the short tables of other pages to the
// table that they are taken from.
func TestFiguresAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	const measured = "docs/performance.md"
	full := table(t, measured, "| Open, use and close a chain")
	for page, begin := range map[string]string{
		"README.md":            "| | 10 of 10 |",
		"docs/adding-fxrun.md": "| needed of declared resources |",
	} {
		short := table(t, page, begin)
		if len(short) < 2 {
			t.Errorf("%s: the table has %d rows", page, len(short))
		}
		for name, row := range short {
			for column, figure := range row {
				if full[name][column] != figure {
					t.Errorf("%s, %s: %s in %s, %q in %s", name, column, figure, page, full[name][column], measured)
				}
			}
		}
	}
}

var (
	makeTarget = regexp.MustCompile("(?m)(?:^\\$ |`)make (\\w+)")
	benchmark  = regexp.MustCompile(`-bench (\w+)`)
)

// TestCommandsOfPagesExist finds targets of make and benchmarks that prose
// speaks of and that are no longer there.
func TestCommandsOfPagesExist(t *testing.T) {
	t.Parallel()
	makefile := read(t, []string{"Makefile"})["Makefile"]
	benchmarks := strings.Join(slices.Collect(maps.Values(read(t, []string{"bench/*_test.go", "cli/*_test.go", "runs/*_test.go", "history/sqlhistory/sqlite/*_test.go", "iomanagers/*_test.go", "iomanagers/parquetcodec/*_test.go", "automation/*_test.go", "internal/cron/*_test.go", "server/*_test.go", "server/browsertest/*_test.go"}))), "\n")
	found := 0
	for page, text := range read(t, pages) {
		for _, match := range makeTarget.FindAllStringSubmatch(text, -1) {
			found++
			if !strings.Contains(makefile, "\n"+match[1]+":") {
				t.Errorf("%s speaks of make %s, which is not there", page, match[1])
			}
		}
		for _, match := range benchmark.FindAllStringSubmatch(text, -1) {
			found++
			if !strings.Contains(benchmarks, "func Benchmark"+match[1]) {
				t.Errorf("%s speaks of the benchmark %s, which is not there", page, match[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("found %d commands", found)
	}
}

// table returns the rows of the table whose first line begins so: the cells by
// their column, the rows by their first cell.
func table(t *testing.T, page, begin string) map[string]map[string]string {
	t.Helper()
	_, text, found := strings.Cut(read(t, []string{page})[page], "\n"+begin)
	if !found {
		t.Fatalf("%s has no table %s", page, begin)
	}
	text, _, _ = strings.Cut(begin+text, "\n\n")
	lines := strings.Split(text, "\n")
	columns := cells(lines[0])
	rows := make(map[string]map[string]string)
	for _, line := range lines[2:] {
		row := cells(line)
		rows[row[0]] = make(map[string]string)
		for i, cell := range row[1:] {
			rows[row[0]][columns[i+1]] = cell
		}
	}
	return rows
}

func cells(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// longest is how many characters a line of prose may have.
const longest = 120

// TestLinesOfProseAreShort looks at every Markdown file of the repository. Code
// blocks and tables may be wider.
func TestLinesOfProseAreShort(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		found++
		for _, number := range tooLong(string(text)) {
			t.Errorf("%s:%d: the line has more than %d characters", name, number, longest)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 5 {
		t.Errorf("found %d Markdown files", found)
	}
}

// tooLong returns the numbers of the lines that are too long.
func tooLong(markdown string) []int {
	var numbers []int
	inCode := false
	number := 0
	for line := range strings.Lines(markdown) {
		number++
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), fence):
			inCode = !inCode
		case inCode || strings.HasPrefix(line, "|"):
		case utf8.RuneCountInString(line) > longest:
			numbers = append(numbers, number)
		}
	}
	return numbers
}

func TestTooLongLinesAreFound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", longest+1)
	text := strings.Join([]string{long[2:], long, "| " + long + " |", fence + "go", long, fence, "- " + long}, "\n")
	if got := tooLong(text); !slices.Equal(got, []int{2, 7}) {
		t.Errorf("lines %d", got)
	}
}
