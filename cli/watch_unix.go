//go:build unix

package cli

import (
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// sharedSocket returns the socket of a listener, to be given to other processes. It stays
// without blocking for all of them. A file of [net.TCPListener.File] makes the socket block
// whenever its descriptor is given away, also for the processes that have it already: one of
// them that then asks for the next connection cannot close its listener before this
// connection comes.
func sharedSocket(listener *net.TCPListener) (*os.File, error) {
	raw, err := listener.SyscallConn()
	if err != nil {
		return nil, err
	}
	var shared int
	var failed error
	err = raw.Control(func(descriptor uintptr) {
		shared, failed = unix.FcntlInt(descriptor, unix.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(shared), "socket"), nil
}

// apart gives a process a group of its own, so that Ctrl-C in the terminal reaches only the
// process that watches, which then ends the others in order.
func apart(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// keepToItself keeps a file from the processes that this one starts.
func keepToItself(file int) { syscall.CloseOnExec(file) }
