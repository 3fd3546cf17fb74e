//go:build !unix

package cli

import (
	"net"
	"os"
	"os/exec"
)

// sharedSocket is not called where --watch is refused.
func sharedSocket(listener *net.TCPListener) (*os.File, error) { return listener.File() }

// apart does nothing where --watch is refused.
func apart(*exec.Cmd) {}

func keepToItself(int) {}
