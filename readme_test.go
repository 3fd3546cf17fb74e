package fxrun_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are the texts for users; code is what they may quote.
var (
	pages = []string{"*.md", "docs/*.md"}
	code  = []string{"*.go", "docs/*.go", "examples/*/*.go"}
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
	"assets": "assets", "cli": "cli", "container": "container", "containertest": "container/containertest", "fxrun": ".",
	"fxruntest": "fxruntest", "iomanagers": "iomanagers", "iotest": "iomanagers/iotest", "parquetcodec": "iomanagers/parquetcodec",
	"rows": "rows", "runs": "runs", "history": "history", "sqlite": "history/sqlhistory/sqlite",
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

var goRun = regexp.MustCompile(`(?m)^\$ (go run \./examples/\w+ .*?)(?:\s+#.*)?$`)

// TestReadmeCommands runs the README's commands, as they stand there.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := goRun.FindAllSubmatch(text, -1)
	if len(commands) < 5 {
		t.Fatalf("found %d commands", len(commands))
	}
	t.Setenv("FXRUN_HOME", t.TempDir())
	for _, command := range commands {
		line := string(command[1])
		out, err := shell(t, line)
		if err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

func shell(t *testing.T, line string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput()
	return string(out), err
}
