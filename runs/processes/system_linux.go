package processes

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// executable returns the file of this program. It is the one that is running, also if
// another one has replaced it since.
func executable() (string, error) {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		return os.Executable()
	}
	return self, nil
}

// attributes make the process the first of a group of its own. It gets a SIGTERM when
// the thread that has started it ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// endGroup waits for the end of a process, and kills what is left of its group. The
// number of the group can't be used again before the process is waited for.
func endGroup(process *os.Process) {
	for {
		err := unix.Waitid(unix.P_PID, process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			break
		}
	}
	killGroup(process)
}
