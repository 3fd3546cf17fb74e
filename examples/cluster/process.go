package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is this program once more, with arguments.
type process struct {
	name    string
	command *exec.Cmd
	ended   chan struct{}
	err     error // of the process; read after ended

	mu   sync.Mutex
	said []string // the last lines
	urls chan string
}

// start starts this program with arguments. It ends at the end of ctx.
func start(ctx context.Context, name string, env []string, args ...string) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{name: name, command: exec.CommandContext(ctx, program, args...), ended: make(chan struct{}), urls: make(chan string, 1)}
	p.command.Env = append(os.Environ(), env...)
	p.command.Cancel = func() error { return p.command.Process.Signal(syscall.SIGTERM) }
	p.command.WaitDelay = 20 * time.Second
	output, input := io.Pipe()
	p.command.Stdout, p.command.Stderr = input, input
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	var reading sync.WaitGroup
	reading.Go(func() { p.read(output) })
	go func() {
		defer close(p.ended)
		p.err = p.command.Wait()
		_ = input.Close()
		reading.Wait()
	}()
	return p, nil
}

// read keeps the last lines of the output, and finds the address of the pages in it.
func (p *process) read(output io.Reader) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := lines.Text()
		if _, url, found := strings.Cut(line, "http://"); found {
			url, _, _ = strings.Cut("http://"+url, " ")
			select {
			case p.urls <- url:
			default:
			}
		}
		p.mu.Lock()
		p.said = append(p.said, line)
		p.said = p.said[max(0, len(p.said)-200):]
		p.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, output)
}

func (p *process) output() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said
}

// kill ends the process at once, as the end of its machine does.
func (p *process) kill() { _ = p.command.Process.Kill() }

// output returns what this program writes if it is called with arguments.
func output(ctx context.Context, env []string, args ...string) ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), env...)
	var out, problems bytes.Buffer
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(args, " "), errors.Join(err, errors.New(problems.String())))
	}
	return out.Bytes(), nil
}
