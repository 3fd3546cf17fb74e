package automation

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Ticker says which daemon ticks the schedules and sensors of a history. The zero Ticker
// says that nobody does.
type Ticker struct {
	// Ticking says that a daemon exists. The other fields are zero if it is false.
	Ticking bool `json:"ticking"`
	// Here says that the daemon uses the launcher that was asked about, so that it is in the
	// same process.
	Here bool `json:"here,omitempty"`
	// Host and Process are the machine and the number of the process, and Since is when
	// the daemon began to tick. They are zero if they are not known.
	Host    string    `json:"host,omitempty"`
	Process int       `json:"process,omitempty"`
	Since   time.Time `json:"since,omitzero"`
}

// String names the daemon as the subject of "ticks".
func (t Ticker) String() string {
	switch {
	case !t.Ticking:
		return "nobody"
	case t.Here:
		return "this process"
	case t.Host == "":
		return "another process"
	}
	return fmt.Sprintf("process %d on %s", t.Process, t.Host)
}

// Ticker returns which daemon ticks. It asks the locks of the launcher, so the answer holds
// also after a daemon was killed.
func (c *Control) Ticker(ctx context.Context, launcher *runs.Launcher) (Ticker, error) {
	held, err := launcher.Locks().Held(ctx, LockName)
	if err != nil {
		return Ticker{}, fmt.Errorf("looking whether a daemon ticks: %w", err)
	}
	if !held {
		return Ticker{}, nil
	}
	last, err := c.journals.Entries(ctx, history.EntryQuery{Journal: daemonJournal, Last: true})
	if err != nil || len(last) == 0 {
		return Ticker{Ticking: true}, err
	}
	state, err := decode[daemonState](last[0].State)
	if err != nil {
		return Ticker{}, fmt.Errorf("reading entry %d of %s: %w", last[0].Seq, daemonJournal, err)
	}
	ticker := Ticker{Ticking: true, Here: state.Launcher == launcher.Name(), Since: state.Since}
	if parts := strings.Split(state.Launcher, "/"); len(parts) == 3 {
		ticker.Host = parts[0]
		ticker.Process, _ = strconv.Atoi(parts[1]) // 0 is not known
	}
	return ticker, nil
}

// daemonJournal is the journal in which each daemon that begins to tick writes an entry.
// The names of schedules and sensors have a slash in their journals.
const daemonJournal = "daemon"

// kindBegan is the kind of these entries.
const kindBegan = "began"

// daemonState is the state in these entries.
type daemonState struct {
	Launcher string    `json:"launcher"` // the name of the launcher of the daemon
	Since    time.Time `json:"since"`
}

// recordBegin records that this daemon ticks.
func (t *ticking) recordBegin(ctx context.Context) error {
	now := t.clock.now().UTC()
	state, err := json.Marshal(daemonState{t.launcher.Name(), now})
	if err != nil {
		return fmt.Errorf("recording who ticks: %w", err)
	}
	if _, err := t.journals.AppendEntries(ctx, history.Entry{Journal: daemonJournal, Time: now, Kind: kindBegan, State: state}); err != nil {
		return fmt.Errorf("recording who ticks: %w", err)
	}
	return nil
}
