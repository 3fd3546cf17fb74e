package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// The files that a process which serves for dev --watch gets: the socket, a pipe that ends
// with the watching process, and one to tell that it serves.
const (
	socketFile = 3 + iota
	lifeFile
	readyFile
)

// servedProcess is a process that serves for a watcher.
type servedProcess struct {
	command *exec.Cmd
	life    *os.File // closed when the process must end
	ready   *os.File
	last    tail
	done    chan struct{} // closed at its end
	err     error         // of its end
}

// start starts a process of a build.
func (w *watcher) start(binary string) (*servedProcess, error) {
	alive, life, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ready, tells, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, alive.Close(), life.Close())
	}
	p := &servedProcess{life: life, ready: ready, done: make(chan struct{})}
	p.command = exec.Command(binary, append(w.args, "--watched="+w.problemFile())...) //nolint:gosec,noctx // it was just built, and is ended in order
	p.command.Stdout, p.command.Stderr = w.cmd.OutOrStdout(), io.MultiWriter(w.cmd.ErrOrStderr(), &p.last)
	p.command.ExtraFiles = []*os.File{w.socket, alive, tells}
	p.command.WaitDelay = time.Second // what the program has started may keep its output
	apart(p.command)
	err = p.command.Start()
	_ = alive.Close() // the process has them
	_ = tells.Close()
	if err != nil {
		return nil, errors.Join(err, life.Close(), ready.Close())
	}
	w.under.Go(func() {
		if p.err = p.command.Wait(); errors.Is(p.err, exec.ErrWaitDelay) {
			p.err = nil // it has ended well
		}
		_ = p.life.Close()
		close(p.done)
	})
	return p, nil
}

// startGrace is how much longer a process may take to start whose files have changed again.
const startGrace = 5 * time.Second

// errOutdated says that a process does not serve yet, and that its files have changed again.
var errOutdated = errors.New("it has not started yet, and files have changed")

// wait waits until the process serves. The error says why it has ended instead, or is
// errOutdated, after a value of changed.
func (p *servedProcess) wait(ctx context.Context, changed <-chan struct{}) error {
	read := make(chan error, 1)
	go func() {
		_, err := p.ready.Read(make([]byte, 1))
		read <- err
	}()
	defer func() { _ = p.ready.Close() }()
	var outdated <-chan time.Time
	for {
		select {
		case err := <-read:
			if err == nil {
				return nil
			}
			read = nil // it ends, or has ended
		case <-p.done: // what it has started may keep the pipe
			return errors.New(p.outcome())
		case <-ctx.Done():
			return nil
		case <-changed:
			changed, outdated = nil, time.After(startGrace)
		case <-outdated:
			return errOutdated
		}
	}
}

// outcome says how the process has ended, with its last words.
func (p *servedProcess) outcome() string {
	how := "exit status 0"
	if p.err != nil {
		how = p.err.Error()
	}
	return fmt.Sprintf("%s\n%s", how, p.last.String())
}

// stop asks the process to end, and waits until its runs and resources have ended.
func (p *servedProcess) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // it may have ended
	<-p.done
}

// tail keeps the last words of a process.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(text)
	const kept = 8 << 10
	t.text.Next(max(0, t.text.Len()-kept))
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
