package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// typed returns the words with which a person starts a command on the command line,
// so that a person can type a hint as it is printed.
func typed(command *cobra.Command) string {
	first, rest, _ := strings.Cut(command.CommandPath(), " ")
	if first != processName() { // the command tree has a name of its own
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

// ofGoRun matches the paths of programs that go run has built. They are in a folder
// that it removes afterwards, or in its cache.
var ofGoRun = regexp.MustCompile(`/go-build\d+/b\d+/exe/[^/]+$|/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)

// typedProgram returns the words with which the program was started.
func typedProgram(name string, info *debug.BuildInfo) string {
	if ofGoRun.MatchString(filepath.ToSlash(name)) && info != nil && info.Path != "" && info.Path != "command-line-arguments" {
		return "go run " + info.Path
	}
	if strings.ContainsAny(name, " \t'\"$&;()*?") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}
