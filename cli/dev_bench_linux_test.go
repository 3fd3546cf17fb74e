package cli_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkDevAnswers measures how long it takes from the start of the command dev, in an
// empty home, until it has answered the first page, and the memory that it then has.
func BenchmarkDevAnswers(b *testing.B) {
	program := filepath.Join(b.TempDir(), "one")
	build(b, program, "./testdata/one")
	for b.Loop() {
		b.StopTimer()
		address := freeAddress(b)
		command := exec.CommandContext(b.Context(), program, "dev", "--no-open", "--addr", address)
		command.Env = append(os.Environ(), "FXRUN_HOME="+filepath.Join(b.TempDir(), "home"))
		b.StartTimer()
		if err := command.Start(); err != nil {
			b.Fatal(err)
		}
		awaitPage(b, "http://"+address+"/")
		b.StopTimer()
		b.ReportMetric(residentMemory(b, command.Process.Pid), "MB-resident")
		if err := command.Process.Signal(os.Interrupt); err != nil {
			b.Fatal(err)
		}
		_ = command.Wait()
		b.StartTimer()
	}
}

func freeAddress(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it only looks for a port
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

func awaitPage(b *testing.B, url string) {
	b.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(time.Millisecond) {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
		if err != nil {
			b.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			continue // it does not listen yet
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			b.Fatalf("the answer is %s", answer.Status)
		}
		return
	}
	b.Fatal("dev did not answer")
}

// residentMemory returns the resident memory of a process, in MB.
func residentMemory(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			if err != nil {
				b.Fatal(err)
			}
			return float64(kilobytes) / 1024
		}
	}
	b.Fatal("the kernel does not say how much memory it has")
	return 0
}
