//go:build unix

package cli_test

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/fxrun/fxrun/cli"
)

// TestAProcessThatServesEndsWhileAnotherOneTakesTheSocket lets a listener of the socket wait
// for its next connection at the moment in which the socket is given to another process. No
// connection comes to this listener any more, and it can be closed nevertheless.
func TestAProcessThatServesEndsWhileAnotherOneTakesTheSocket(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	socket, err := cli.SharedSocket(listener.(*net.TCPListener))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = socket.Close() }()
	serving, err := net.FileListener(socket)
	if err != nil {
		t.Fatal(err)
	}
	next := exec.CommandContext(t.Context(), "true")
	next.ExtraFiles = []*os.File{socket}
	if err := next.Run(); err != nil {
		t.Fatal(err)
	}

	accepted, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			connection, err := serving.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
			accepted <- struct{}{}
		}
	}()
	visit := func() {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		_ = connection.Close()
	}
	visit()
	<-accepted
	go func() { _ = serving.Close() }()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Error("the listener is not closed, since it waits for a connection")
		visit()
		<-accepted
		<-ended
	}
}
