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

// Owner names this process, so that its runs can be told from those of others:
// the name of the host and the process number for people, and then what tells
// where and when that number is this process.
func Owner() string { return thisProcess().String() }

// Liveness is what can be found out about the process that owns a run.
type Liveness string

const (
	// LivenessRunning is a process that is still there.
	LivenessRunning Liveness = "running"
	// LivenessGone is a process that has ended: its runs are lost. It is said only
	// if it is certain.
	LivenessGone Liveness = "gone"
	// LivenessUnknown is a process that can't be looked for from here. It is on
	// another machine, in another container, or was there before the last start of
	// this machine; or the system does not tell enough.
	LivenessUnknown Liveness = "unknown"
)

// LivenessOf looks for the process of an owner, as [Owner] names it. It changes
// nothing. A process number means something only within one PID namespace of one
// boot of one kernel, so that it is compared with these first; a number that was
// given to another process since is told by the time of its start.
//
// Linux and macOS tell enough for that. On other systems the answer is
// [LivenessUnknown] for every process but this one.
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
