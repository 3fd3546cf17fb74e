package temporaltest_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/temporaltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// temporal calls the program of a server.
func temporal(t *testing.T, server *temporaltest.Server, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), server.Program(), append(args, "--address", server.Address())...).CombinedOutput()
	if err != nil {
		t.Fatalf("temporal %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestServer(t *testing.T) {
	t.Parallel()
	server := temporaltest.New(t)
	temporal(t, server, "workflow", "start", "--workflow-id", "w1", "--type", "Nothing", "--task-queue", "nobody")
	address := server.Address()
	for range 2 {
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := exec.Command(server.Program(), "operator", "cluster", "health", "--address", address).Run(); err == nil {
			t.Fatal("a server that was killed answers")
		}
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if server.Address() != address {
			t.Errorf("the address was %s, and is %s", address, server.Address())
		}
		if got := temporal(t, server, "workflow", "describe", "--workflow-id", "w1"); !strings.Contains(got, "Nothing") {
			t.Errorf("a server that was started again says of the workflow: %s", got)
		}
	}
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	temporal(t, server, "operator", "cluster", "health")
	server.Stop()
	server.Stop()
	if err := server.Kill(); err == nil {
		t.Error("a server that was stopped takes commands")
	}
}

// inChild names what a process, started by a test from its own binary, does.
const inChild = "TEMPORALTEST_CHILD"

// TestChild is a test binary of its own, which prints where its server is.
func TestChild(t *testing.T) {
	if os.Getenv(inChild) == "" {
		t.Skip("only to be run by the tests below")
	}
	own := temporaltest.New(t)
	_, _ = os.Stdout.WriteString("address " + own.Address() + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func child(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	command.Env = append(append(os.Environ(), inChild+"=1"), env...)
	return command
}

func TestWithoutTheProgram(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]string{"CI=": "--- SKIP", "CI=true": "--- FAIL"} {
		t.Run("a test ends as it should with "+env, func(t *testing.T) {
			t.Parallel()
			out, _ := child(t, env, temporaltest.Variable+"=/nowhere").CombinedOutput()
			if !strings.Contains(string(out), want) || !strings.Contains(string(out), "./test builds it") {
				t.Errorf("want %s:\n%s", want, out)
			}
		})
	}
}

func TestAServerWhosePortIsTakenIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	temporaltest.New(t) // or skip
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	_, err = temporaltest.Start(t.Context(), temporaltest.Options{Arguments: []string{"--http-port", port}})
	if err == nil || !strings.Contains(err.Error(), "a port is taken") {
		t.Errorf("the error is %v", err)
	}
}
