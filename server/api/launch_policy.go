package api

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/runs"
)

// LaunchPolicy is what a launch may say of the run as a whole.
type LaunchPolicy struct {
	// ID is the ID of the run. A second launch with the same ID is refused, so a caller who
	// has got no answer can ask again. The default is a new ID.
	ID string `json:"id,omitempty" jsonschema:"the ID of the run, by which a launch that is repeated makes only one run"`
	// Tags are the tags of the run, besides those of the job.
	Tags map[string]string `json:"tags,omitempty"`
	// Priority decides which of several queued runs begins first.
	Priority *int `json:"priority,omitempty" jsonschema:"of runs that wait, the one with the highest number begins first"`
	// Timeout is a duration such as "1h30m". "0s" takes away the timeout of the job.
	Timeout string `json:"timeout,omitempty" jsonschema:"a duration such as 1h30m after which the run has failed; 0s takes away that of the job"`
	// Retries says how often the run is repeated if it fails; RetryWait is the wait before
	// the first repetition, a duration.
	Retries   *int   `json:"retries,omitempty" jsonschema:"how often the run is repeated if it fails"`
	RetryWait string `json:"retry_wait,omitempty" jsonschema:"the wait before the first repetition, a duration such as 30s"`
	// OnCrash is "resume" or "give_up", for the case that the process of the run is killed.
	OnCrash assets.CrashPolicy `json:"on_crash,omitempty" jsonschema:"resume or give_up, if the process of the run is killed"`
	// Queue leaves the run to any process that takes queued runs.
	Queue bool `json:"queue,omitempty" jsonschema:"leave the run to a process that takes queued runs"`
}

// apply sets in a request what the policy says. Everything that is wrong is returned.
func (p LaunchPolicy) apply(request *runs.Request) []error {
	var faults []error
	duration := func(name, text string) time.Duration {
		if text == "" {
			return 0
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			faults = append(faults, fmt.Errorf("%s: it must be a duration such as 5s or 1m30s, not %q", name, text))
		}
		return d
	}
	request.ID = p.ID
	if len(p.ID) > longestID || strings.ContainsFunc(p.ID, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		faults = append(faults, fmt.Errorf("id: it must have no spaces and no control characters, and at most %d bytes", longestID))
	}
	if len(p.Tags) > 0 {
		request.Tags = maps.Clone(request.Tags)
		if request.Tags == nil {
			request.Tags = make(map[string]string)
		}
		maps.Copy(request.Tags, p.Tags)
	}
	if p.Priority != nil {
		request.Priority = *p.Priority
	}
	if limit := duration("timeout", p.Timeout); limit > 0 {
		request.Timeout = limit
	} else if p.Timeout != "" {
		request.Timeout = -1
	}
	wait := duration("retry_wait", p.RetryWait)
	switch {
	case p.Retries == nil && p.RetryWait != "":
		faults = append(faults, errors.New("retry_wait needs retries"))
	case p.Retries != nil && *p.Retries < 0:
		faults = append(faults, errors.New("retries cannot be negative"))
	case p.Retries != nil:
		request.RetryRun = &runs.RunRetry{Times: *p.Retries, Wait: wait}
	}
	switch p.OnCrash {
	case "":
	case assets.CrashResume, assets.CrashGiveUp:
		request.OnCrash = p.OnCrash
	default:
		faults = append(faults, fmt.Errorf("on_crash: it must be %s or %s, not %q", assets.CrashResume, assets.CrashGiveUp, p.OnCrash))
	}
	return faults
}
