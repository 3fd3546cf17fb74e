package processes

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// brokenPipe is empty: there is no such signal.
var brokenPipe []os.Signal

// executable returns the file of this program.
func executable() (string, error) { return os.Executable() }

// passOn gives the pipes to a process.
func passOn(command *exec.Cmd, in, out *os.File) error {
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	for _, file := range []*os.File{in, out} {
		handle := syscall.Handle(file.Fd())
		if err := syscall.SetHandleInformation(handle, syscall.HANDLE_FLAG_INHERIT, syscall.HANDLE_FLAG_INHERIT); err != nil {
			return err
		}
		command.SysProcAttr.AdditionalInheritedHandles = append(command.SysProcAttr.AdditionalInheritedHandles, handle)
		command.Args = append(command.Args, strconv.FormatUint(uint64(handle), 10))
	}
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
		number, err := strconv.ParseUint(arg, 10, 64)
		if err != nil {
			return nil, nil, errors.New("it names no pipes")
		}
		handle := syscall.Handle(number)
		if kind, err := syscall.GetFileType(handle); err != nil || kind != syscall.FILE_TYPE_PIPE {
			return nil, nil, errors.New("its pipes are not open")
		}
		if err := syscall.SetHandleInformation(handle, syscall.HANDLE_FLAG_INHERIT, 0); err != nil {
			return nil, nil, err
		}
		files[i] = os.NewFile(uintptr(handle), "pipe "+arg)
	}
	return files[0], files[1], nil
}

// killGroup kills a process.
func killGroup(process *os.Process) { _ = process.Kill() }

// endGroup does nothing: there are no groups to end.
func endGroup(*os.Process) {}

// endOwnGroup does nothing: there are no groups to end.
func endOwnGroup() {}

// signalOf returns "": no signal ends a process.
func signalOf(*os.ProcessState) string { return "" }
