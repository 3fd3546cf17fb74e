package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// buildProgram builds the package main in a folder. It returns what is wrong with it, or "".
func buildProgram(ctx context.Context, source, binary string) string {
	if err := os.MkdirAll(filepath.Dir(binary), 0o700); err != nil {
		return err.Error()
	}
	build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", binary}, buildFlags()...), ".")...)
	build.Dir = source
	text, err := build.CombinedOutput()
	if err == nil {
		return ""
	}
	return "go build: " + err.Error() + "\n" + strings.TrimSpace(string(text))
}

// buildFlags are those with which this process was built, as far as they decide which files
// belong to the program.
func buildFlags() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var flags []string
	for _, setting := range info.Settings {
		if (setting.Key == "-tags" || setting.Key == "-race" && setting.Value == "true") && setting.Value != "" {
			flags = append(flags, setting.Key+"="+setting.Value)
		}
	}
	return flags
}
