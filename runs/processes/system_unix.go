//go:build unix

package processes

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// brokenPipe is the signal after a write to a pipe that nobody reads, as standard output
// is when the other process has ended.
var brokenPipe = []os.Signal{syscall.SIGPIPE}

// passOn gives the pipes to a process.
func passOn(command *exec.Cmd, in, out *os.File) error {
	command.ExtraFiles = []*os.File{in, out}
	command.Args = append(command.Args, "3", "4")
	command.SysProcAttr = attributes()
	return nil
}

// pipes returns the pipes that passOn has given to this process. They are not for the
// processes that it starts.
func pipes(args []string) (in, out *os.File, err error) {
	var files [2]*os.File
	if len(args) < len(files) {
		return nil, nil, errors.New("it names no pipes")
	}
	for i, arg := range args[len(args)-len(files):] {
		number, err := strconv.Atoi(arg)
		if err != nil || number < 3 {
			return nil, nil, errors.New("it names no pipes")
		}
		var about syscall.Stat_t
		if err := syscall.Fstat(number, &about); err != nil || about.Mode&syscall.S_IFMT != syscall.S_IFIFO {
			return nil, nil, errors.New("its pipes are not open")
		}
		syscall.CloseOnExec(number)
		files[i] = os.NewFile(uintptr(number), "pipe "+arg)
	}
	return files[0], files[1], nil
}

// killGroup kills a process that has not been waited for, and all of its group.
func killGroup(process *os.Process) {
	if syscall.Kill(-process.Pid, syscall.SIGKILL) != nil {
		_ = process.Kill()
	}
}

// endOwnGroup kills this process and its group, if it is the first of one.
func endOwnGroup() {
	if own := os.Getpid(); syscall.Getpgrp() == own {
		_ = syscall.Kill(-own, syscall.SIGKILL)
	}
}

// signalOf returns the text of the signal that has ended a process, or "".
func signalOf(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
