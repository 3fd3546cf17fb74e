package ui

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/timerange"
)

// runFilter is the form above the list of runs. All its fields are in the address of the
// page.
type runFilter struct {
	Job, Status, Tag, Last string
	// From and To limit the time at which the runs were launched. They are times of Zone,
	// which scripts fill in with the zone of the reader. "" is UTC.
	From, To, Zone string
	Statuses       []string
	Ranges         []string
	// Faults say what is wrong with the form. Then no runs are listed.
	Faults []string
}

// inputTime is how a browser writes the time of a field.
const inputTime = "2006-01-02T15:04:05"

func runStatuses() []string {
	return []string{
		string(history.StatusQueued), string(history.StatusStarting), string(history.StatusRunning),
		string(history.StatusSucceeded), string(history.StatusFailed), string(history.StatusCancelled),
	}
}

// newRunFilter reads the form, and returns the query for the runs that it asks for.
func newRunFilter(r *http.Request, now time.Time) (runFilter, history.RunQuery) {
	filter := runFilter{
		Job: r.FormValue("job"), Status: r.FormValue("status"), Tag: trimmed(r, "tag"), Last: r.FormValue("last"),
		From: trimmed(r, "from"), To: trimmed(r, "to"), Zone: trimmed(r, "zone"), Statuses: runStatuses(),
	}
	for _, one := range ranges() {
		filter.Ranges = append(filter.Ranges, one.name)
	}
	query := history.RunQuery{Job: filter.Job, Before: r.FormValue("before")}
	var faults []error
	if filter.Status != "" {
		query.Statuses = []history.Status{history.Status(filter.Status)}
		if !slices.Contains(filter.Statuses, filter.Status) {
			faults = append(faults, fmt.Errorf("there is no state %q", filter.Status))
		}
	}
	var err error
	if query.Tags, err = tagsOf(filter.Tag); err != nil {
		faults = append(faults, err)
	}
	if query.QueuedFrom, query.QueuedBefore, err = filter.times(now); err != nil {
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		filter.Faults = strings.Split(err.Error(), "\n")
	}
	return filter, query
}

// zoneOf returns the zone with a name. "" is UTC.
func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" { // which is the zone of the server, and nobody's own
		return nil, fmt.Errorf("there is no zone %q: give its name as Europe/Berlin or UTC", name)
	}
	return zone, nil
}

// times returns the time from and before which the runs were launched. It rewrites From and
// To as browsers want them.
func (f *runFilter) times(now time.Time) (from, before time.Time, err error) {
	zone, err := zoneOf(f.Zone)
	if err != nil {
		return from, before, err
	}
	asked, err := timerange.Parse(f.From, f.To, zone)
	if err != nil {
		return from, before, err
	}
	for text, at := range map[*string]time.Time{&f.From: asked.From, &f.To: asked.To} {
		if !at.IsZero() {
			*text = at.In(zone).Format(inputTime)
		}
	}
	if f.Last != "" {
		at := slices.Index(f.Ranges, f.Last)
		if at < 0 {
			return from, before, fmt.Errorf("there is no range %q: it is one of %s", f.Last, strings.Join(f.Ranges, ", "))
		}
		if since := now.Add(-ranges()[at].length); asked.From.Before(since) {
			asked.From = since
		}
	}
	return asked.From, asked.To, nil
}
