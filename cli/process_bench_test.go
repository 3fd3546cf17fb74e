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

// BenchmarkIsolation times runs whose steps have processes of their own, next to the same
// runs in one process. The difference, divided by the steps, is what a process costs.
func BenchmarkIsolation(b *testing.B) {
	program := filepath.Join(b.TempDir(), "fifty")
	build(b, program, "./testdata/fifty")
	for _, bench := range []struct {
		name string
		args []string
	}{
		{"one step", []string{"--select", "step/00"}},
		{"one step, a process for it", []string{"--select", "step/00", "--isolate", "step"}},
		{"one step, a process for the run", []string{"--select", "step/00", "--isolate", "run"}},
		{"50 steps", nil},
		{"50 steps, a process for each", []string{"--isolate", "step"}},
		{"50 steps, a process for the run", []string{"--isolate", "run"}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			home := filepath.Join(b.TempDir(), "home")
			args := append([]string{"run"}, bench.args...)
			executeProgram(b, home, program, args...)
			for b.Loop() {
				executeProgram(b, home, program, args...)
			}
		})
	}
}
