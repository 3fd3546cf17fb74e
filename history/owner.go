package history

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Owner returns the name of this process as the owner of its runs. It begins with
// the name of the host and the process number, which are for people. The rest tells
// in which boot and PID namespace this number counts, and when the process was
// started.
func Owner() string { return thisProcess().String() }

// Liveness says whether the process that owns a run still exists, as far as this can
// be found out.
type Liveness string

const (
	// LivenessRunning means that the process exists.
	LivenessRunning Liveness = "running"
	// LivenessGone means that the process has certainly ended. Its unfinished runs
	// are lost.
	LivenessGone Liveness = "gone"
	// LivenessUnknown means that this process cannot find out whether the other one
	// exists. The other one is on another machine or in another container, or was
	// started before the last restart of this machine, or the system does not tell
	// enough.
	LivenessUnknown Liveness = "unknown"
)

// LivenessOf looks for the process that an owner names; [Owner] gives such a name.
// It changes nothing.
//
// A process number has a meaning only within one PID namespace and until the machine
// is restarted, so LivenessOf compares these first. If the number now belongs to a
// later process, LivenessOf sees it by the time at which this process was started.
//
// Linux and macOS tell enough for that. On other systems the answer is
// [LivenessUnknown] for every process except this one.
func LivenessOf(owner string) Liveness {
	if owner != "" && owner == Owner() {
		return LivenessRunning
	}
	asked, ok := parseProcess(owner)
	here := thisProcess()
	if !ok || asked.place == "" || asked.place != here.place {
		return LivenessUnknown
	}
	process, err := os.FindProcess(asked.pid)
	if err == nil {
		err = process.Signal(syscall.Signal(0)) // which sends nothing
		_ = process.Release()
	}
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH) {
		return LivenessGone
	}
	started := startOf(asked.pid)
	switch {
	case asked.started != "" && started != "" && started != asked.started:
		return LivenessGone // the number belongs to a later process
	case asked.started == "" || started == "":
		return LivenessUnknown
	}
	return LivenessRunning
}

// process is a process, as an owner names it.
type process struct {
	host    string
	pid     int
	place   string // where the number counts; "" if that is not known
	started string // when it was started; "" if that is not known
}

func (p process) String() string {
	if p.place == "" {
		return fmt.Sprintf("%s/%d", p.host, p.pid)
	}
	return fmt.Sprintf("%s/%d/%s/%s", p.host, p.pid, p.place, p.started)
}

func parseProcess(owner string) (process, bool) {
	parts := strings.Split(owner, "/")
	if len(parts) != 4 {
		return process{}, false
	}
	pid, err := strconv.Atoi(parts[1])
	return process{host: parts[0], pid: pid, place: parts[2], started: parts[3]}, err == nil && pid > 0
}

// thisProcess describes this process.
var thisProcess = sync.OnceValue(func() process {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	this := process{host: strings.ReplaceAll(host, "/", "_"), pid: os.Getpid()}
	if place := placeOfProcesses(); place != "" {
		digest := sha256.Sum256([]byte(place))
		this.place, this.started = hex.EncodeToString(digest[:8]), startOf(this.pid)
	}
	return this
})
