package history

import "syscall"

// placeOfProcesses names the boot of the kernel. There are no PID namespaces.
func placeOfProcesses() string {
	session, err := syscall.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return session
}
