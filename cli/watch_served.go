package cli

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// watchedListener returns the socket of the process that watches. The context of the command
// ends when that process has ended, so that it leaves nothing behind.
func (f serveFlags) watchedListener(cmd *cobra.Command) (net.Listener, error) {
	for file := socketFile; file <= readyFile; file++ {
		keepToItself(file)
	}
	listener, err := net.FileListener(os.NewFile(socketFile, "socket"))
	if err != nil {
		return nil, fmt.Errorf("taking over the socket: %w", err)
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	cmd.SetContext(ctx)
	go func() {
		defer cancel()
		_, _ = os.NewFile(lifeFile, "life").Read(make([]byte, 1))
		_ = os.RemoveAll(filepath.Dir(f.watched)) // the watching process may have been killed
	}()
	return listener, nil
}

// tellReady tells the process that watches that this one serves.
func tellReady() {
	ready := os.NewFile(readyFile, "ready")
	_, _ = ready.Write([]byte{1})
	_ = ready.Close()
}

// buildProblem says why a newer program could not be built, or "".
func (f serveFlags) buildProblem() string {
	text, err := os.ReadFile(f.watched)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
