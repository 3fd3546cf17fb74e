//go:build unix

package cli

import (
	"os/exec"
	"syscall"
)

// apart gives a process a group of its own, so that Ctrl-C in the terminal reaches only the
// process that watches, which then ends the others in order.
func apart(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// keepToItself keeps a file from the processes that this one starts.
func keepToItself(file int) { syscall.CloseOnExec(file) }
