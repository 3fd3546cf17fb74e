package history

import (
	"os"
	"strconv"
	"strings"
)

// placeOfProcesses names the boot of the kernel and the PID namespace of this
// process. It is "" if the folder /proc does not tell both.
func placeOfProcesses() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	// If this differs, /proc belongs to another namespace, which has other process
	// numbers.
	if self, err := os.Readlink("/proc/self"); err != nil || self != strconv.Itoa(os.Getpid()) {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + namespace
}

// startOf returns the time at which a process was started, in ticks since the boot,
// or "" if it is not known.
func startOf(pid int) string {
	const start = 19 // the 22nd field of the line, counted from the field after the name
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	_, rest, _ := cutLast(string(stat), ") ") // the name may contain spaces and parentheses
	fields := strings.Fields(rest)
	if len(fields) <= start {
		return ""
	}
	return fields[start]
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
