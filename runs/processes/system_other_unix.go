//go:build unix && !linux

package processes

import (
	"os"
	"syscall"
)

// executable returns the file of this program.
func executable() (string, error) { return os.Executable() }

// attributes make the process the first of a group of its own. It learns the end of the
// process that has started it from its pipe.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// endGroup does nothing: the number of the group may be in use again once the process
// has ended. A process that is killed takes its group with it.
func endGroup(*os.Process) {}
