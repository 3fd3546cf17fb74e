package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// typed is how a command is called on the command line of the person who started
// this process, so that a hint can be typed as it is printed.
func typed(command *cobra.Command) string {
	first, rest, _ := strings.Cut(command.CommandPath(), " ")
	if first != processName() { // a command tree with a name of its own
		return command.CommandPath()
	}
	info, _ := debug.ReadBuildInfo()
	first = typedProgram(os.Args[0], info)
	if rest == "" {
		return first
	}
	return first + " " + rest
}

func processName() string { return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") }

// ofGoRun are the places of programs that go run has made: a folder that it removes
// afterwards, or its cache.
var ofGoRun = regexp.MustCompile(`/go-build\d+/b\d+/exe/[^/]+$|/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)

// typedProgram is how the program was called.
func typedProgram(name string, info *debug.BuildInfo) string {
	if ofGoRun.MatchString(filepath.ToSlash(name)) && info != nil && info.Path != "" && info.Path != "command-line-arguments" {
		return "go run " + info.Path
	}
	if strings.ContainsAny(name, " \t'\"$&;()*?") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}
