package fxrun_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// TestSnippetsAreCode holds every Go snippet in prose to code that is compiled
// and tested: it must stand in a file of this folder or of an example, letter by
// letter.
func TestSnippetsAreCode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("examples/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, examples...)
	var code strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range goBlock.FindAllSubmatch(text, -1) {
			count++
			if !strings.Contains(code.String(), string(match[1])) {
				t.Errorf("%s: this is in no Go file:\n%s", page, match[1])
			}
		}
	}
	if count == 0 {
		t.Error("no snippet was found")
	}
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
