package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkProcess times whole processes, from their start to their end, of
// small programs that it builds: what somebody who types a command waits for.
func BenchmarkProcess(b *testing.B) {
	folder := b.TempDir()
	for _, bench := range []struct {
		name, program string
		before, args  []string
	}{
		{name: "help", program: "one", args: []string{"--help"}},
		{name: "the first run of one asset", program: "one", args: []string{"run"}},
		{name: "a later run of one asset", program: "one", before: []string{"run"}, args: []string{"run"}},
		{name: "assets of 10,000", program: "many", args: []string{"assets"}},
		{name: "assets of 10,000 with history", program: "many", before: []string{"run", "--select", "layer_00/asset_00"}, args: []string{"assets"}},
		{name: "dry run of one of 10,000", program: "many", args: []string{"run", "--select", "layer_00/asset_00", "--dry-run"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			program := filepath.Join(folder, bench.program)
			build(b, program, "./testdata/"+bench.program)
			home := filepath.Join(b.TempDir(), "home")
			if bench.before != nil {
				executeProgram(b, home, program, bench.before...)
			}
			for b.Loop() {
				executeProgram(b, home, program, bench.args...)
				if bench.before == nil {
					b.StopTimer()
					if err := os.RemoveAll(home); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			}
		})
	}
}

// build builds a program once.
func build(b *testing.B, program, source string) {
	b.Helper()
	if _, err := os.Stat(program); err == nil {
		return
	}
	command := exec.CommandContext(b.Context(), "go", "build", "-o", program, source)
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("building %s: %v\n%s", source, err, out)
	}
}

func executeProgram(b *testing.B, home, program string, args ...string) {
	b.Helper()
	command := exec.CommandContext(b.Context(), program, args...)
	command.Env = append(os.Environ(), "FXRUN_HOME="+home)
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
}
