package automation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/runs"
)

// asker makes runs of the requests of a tick.
type asker struct {
	*automation
	launcher *runs.Launcher
	journals history.Journals
}

// errHistory is why a tick cannot be decided at the moment, which is not its own fault.
var errHistory = errors.New("the history cannot be read")

// prepare checks the requests, and leaves out those whose key has made a run before, unless
// these are asked for too.
func (a *asker) prepare(ctx context.Context, state State, on *occasion, requests []RunRequest, also bool, now time.Time) (asked []RequestRecord, known []string, err error) {
	var keys []string
	for _, request := range requests {
		if request.Key != "" {
			keys = append(keys, request.Key)
		}
	}
	if len(keys) > 0 {
		if known, err = a.journals.Claimed(ctx, a.journal(), keys); err != nil {
			return nil, nil, fmt.Errorf("%w: %w", errHistory, err)
		}
	}
	made := make(map[string]bool, len(known))
	for _, key := range known {
		made[key] = !also
	}
	var faults []error
	for i, request := range requests {
		if request.Key != "" && made[request.Key] {
			continue
		}
		made[request.Key] = true
		queued, err := a.queuedRun(state, on, i, request, now)
		if err != nil {
			for _, one := range fault.Of(err) {
				faults = append(faults, fmt.Errorf("request %d%s: %w", i+1, ofKey(request.Key), one))
			}
			continue
		}
		asked = append(asked, RequestRecord{Key: request.Key, Run: queued})
	}
	return asked, known, fault.Join("checking the requests", faults)
}

// maxKey is how many bytes the key of a request has at most.
const maxKey = 500

// queuedRun checks a request, and returns the run that it asks for.
func (a *asker) queuedRun(state State, on *occasion, number int, request RunRequest, now time.Time) (runs.QueuedRun, error) {
	switch {
	case len(request.Key) > maxKey:
		return runs.QueuedRun{}, fmt.Errorf("its key is longer than %d bytes", maxKey)
	case !utf8.ValidString(request.Key):
		return runs.QueuedRun{}, errors.New("its key is not UTF-8: encode it as text, for instance by base64")
	}
	prepared, err := a.launcher.Prepare(runs.Request{
		ID: a.runID(state, on, number, request.Key), Job: request.Job, Selection: request.Selection,
		Config: request.Config.GivenBy(string(a.kind) + " " + a.name), Tags: request.Tags, Priority: request.Priority,
	})
	if err != nil {
		return runs.QueuedRun{}, err
	}
	queued, err := prepared.Queued(now)
	if err != nil {
		return runs.QueuedRun{}, err
	}
	a.label(&queued, on, request.Key)
	return queued, nil
}

// label puts the tags on a run that say who has asked for it.
func (a *automation) label(queued *runs.QueuedRun, on *occasion, key string) {
	tags := maps.Clone(queued.Queued.Tags)
	if tags == nil {
		tags = make(map[string]string)
	}
	if a.kind == KindSchedule {
		tags[TagSchedule], tags[TagScheduled] = a.name, on.scheduled.Format(time.RFC3339)
	} else {
		tags[TagSensor] = a.name
	}
	if key != "" {
		tags[TagRunKey] = key
	}
	queued.Queued.Tags = tags
}

// runID returns the ID of a run: of the key, or of what the tick is for.
func (a *automation) runID(state State, on *occasion, number int, key string) string {
	parts := []string{a.journal(), fmt.Sprint(state.Resets)}
	if key != "" {
		parts = append(parts, "key", key)
	} else {
		parts = append(parts, cmp.Or(on.identity, fmt.Sprintf("tick %d", state.Ticks+1)), fmt.Sprint(number))
	}
	for i, part := range parts {
		parts[i] = fmt.Sprint(len(part), ":", part)
	}
	digest := sha256.Sum256([]byte(strings.Join(parts, "")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(digest[:10]))
}
