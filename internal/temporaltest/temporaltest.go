// Package temporaltest runs a development server of Temporal for tests and examples: its
// data is a file in a folder of its own, and it is gone with the process that has started it.
//
//	func TestOrders(t *testing.T) {
//		server := temporaltest.New(t)
//		dial(server.Address())
//		...
//	}
//
// The server is the program temporal, at [Version]. ./test builds it where it is missing.
package temporaltest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Options of a server. The zero value is a server without pages.
type Options struct {
	// Host is the IP address of the test host in which the server is started. The server listens
	// on all addresses of that host. Without it, the server listens on 127.0.0.1 only.
	Host string
	// Pages has the server show its web pages too.
	Pages bool
	// Arguments are given to "temporal server start-dev" after those of this package.
	Arguments []string
}

// Server is a development server of Temporal. Its methods are safe for concurrent use.
type Server struct {
	program string
	folder  string
	host    string
	ports   []int // that of the server, and that of its pages

	mu       sync.Mutex
	process  *exec.Cmd      // the keeper; nil when the server was stopped
	lifeline io.WriteCloser // takes commands; the server goes when it is closed, or this process ends
	says     *os.File       // answers to commands
	answers  *bufio.Reader  // reads says
}

// keeper runs the server for as long as its input is open, which is as long as the process
// lives that has started it: also a test that is killed leaves nothing behind. Signals for
// the process group of the test are not for the keeper.
const keeper = `
trap '' HUP INT TERM
dir=$1
shift
server=
while read -r command; do
	case $command in
	start) "$@" </dev/null >>"$dir/log" 2>&1 3>&- & server=$! ;;
	kill) kill -KILL "$server"; wait "$server" ;;
	freeze) kill -STOP "$server" ;;
	thaw) kill -CONT "$server" ;;
	esac 2>>"$dir/log"
	echo done >&3
done
kill -KILL "$server" 2>/dev/null
wait
rm -rf "$dir"
`

// New starts a server that ends with the test. Where the program is not installed it skips the
// test, and fails it if the environment says CI.
func New(t testing.TB) *Server {
	t.Helper()
	return NewWith(t, Options{})
}

// NewWith is like [New], with options.
func NewWith(t testing.TB, options Options) *Server {
	t.Helper()
	server, err := Start(t.Context(), options)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the log of Temporal's server:\n%s", server.log())
		}
		server.Stop()
	})
	return server
}

// Start starts a server, and returns when it answers. The caller stops it.
func Start(ctx context.Context, options Options) (*Server, error) {
	program, err := FindProgram()
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		s, err := start(ctx, program, options)
		if err == nil || attempt == 5 || !errors.Is(err, errPortTaken) {
			return s, err
		}
	}
}

// errPortTaken says that another process took a port after it was found to be free.
var errPortTaken = errors.New("a port is taken")

func start(ctx context.Context, program string, options Options) (s *Server, err error) {
	s = &Server{program: program, host: cmp.Or(options.Host, "127.0.0.1")}
	if s.ports, err = freePorts(s.host, 2); err != nil {
		return nil, fmt.Errorf("starting Temporal: %w", err)
	}
	if s.folder, err = os.MkdirTemp("", "temporaltest-"); err != nil {
		return nil, fmt.Errorf("starting Temporal: %w", err)
	}
	if err := s.keep(options); err != nil {
		return nil, fmt.Errorf("starting Temporal: %w", errors.Join(err, os.RemoveAll(s.folder)))
	}
	if err := s.Restart(ctx); err != nil {
		defer s.Stop()
		return nil, fmt.Errorf("%w; its log:\n%s", err, s.log())
	}
	return s, nil
}

// Address is where clients find the server.
func (s *Server) Address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.ports[0])) }

// Pages is the URL of the web pages, if the options ask for them.
func (s *Server) Pages() string {
	return "http://" + net.JoinHostPort(s.host, strconv.Itoa(s.ports[1]))
}

// Program is the path of the program temporal, whose commands take the flag --address.
func (s *Server) Program() string { return s.program }

// Kill kills the server at once. What it has acknowledged is in its file.
func (s *Server) Kill() error { return s.command("kill") }

// Restart starts a server again that was killed, with the same address and the same file, and
// returns when it answers.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.command("start"); err != nil {
		return err
	}
	return s.wait(ctx)
}

// Freeze stops the process of the server, which then answers nothing, until Thaw.
func (s *Server) Freeze() error { return s.command("freeze") }

// Thaw lets the process of the server go on after Freeze.
func (s *Server) Thaw() error { return s.command("thaw") }

// Stop ends the server and removes its folder. To stop it twice does nothing.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	_ = s.lifeline.Close()
	_ = s.process.Wait()
	_ = s.says.Close()
	s.process = nil
}

// keep starts the keeper of the server, and not yet the server.
func (s *Server) keep(options Options) error {
	says, told, err := os.Pipe()
	if err != nil {
		return err
	}
	listens := s.host
	if options.Host != "" { // the parts of the server call each other at 127.0.0.1
		listens = "0.0.0.0"
	}
	arguments := []string{
		"-c", keeper, "sh", s.folder, s.program, "server", "start-dev", "--ip", listens, "--port", fmt.Sprint(s.ports[0]),
		"--db-filename", filepath.Join(s.folder, "temporal.db"), "--log-level", "warn",
	}
	if options.Pages {
		arguments = append(arguments, "--ui-port", fmt.Sprint(s.ports[1]))
	} else {
		arguments = append(arguments, "--headless")
	}
	s.process = exec.Command("sh", append(arguments, options.Arguments...)...)
	s.process.ExtraFiles = []*os.File{told}
	if s.lifeline, err = s.process.StdinPipe(); err == nil {
		err = s.process.Start()
	}
	_ = told.Close()
	if err != nil {
		return errors.Join(err, says.Close())
	}
	s.says, s.answers = says, bufio.NewReader(says)
	return nil
}

func (s *Server) command(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return fmt.Errorf("telling Temporal's server to %s: it was stopped", text)
	}
	_, err := fmt.Fprintln(s.lifeline, text)
	if err == nil {
		_, err = s.answers.ReadString('\n')
	}
	if err != nil {
		return fmt.Errorf("telling Temporal's server to %s: %w", text, err)
	}
	return nil
}

// wait waits until the server answers: it listens a little before that.
func (s *Server) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		out, err := exec.CommandContext(ctx, s.program, "operator", "cluster", "health", "--address", s.Address()).CombinedOutput()
		if bytes.Contains(s.log(), []byte("address already in use")) { // what has answered is another server
			return fmt.Errorf("starting Temporal: %w", errPortTaken)
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("starting Temporal: it does not answer: %w: %s", err, out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// log is the end of what the server has written.
func (s *Server) log() []byte {
	text, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return text[max(0, len(text)-10_000):]
}
