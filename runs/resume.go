package runs

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
)

// maxResumes is how often the rest of a run is resumed. What kills its process each time
// would do so for ever.
const maxResumes = 3

// resume returns the event that queues the rest of a lost run, if its policy says so. The
// definitions of the program that settles the run do not matter, so any program can. If the
// run cannot be resumed against its policy, the reason says why.
func resume(record history.Record, queued history.RunQueued) (events []history.Event, reason string) {
	steps, resumes := unfinished(record), numberIn(record.Tags, TagResumes)
	switch {
	case record.Tags[TagOnCrash] != string(assets.CrashResume) || len(steps) == 0:
		return nil, ""
	case !record.CancelRequested.IsZero():
		return nil, "its cancellation was requested"
	case queued.Incomplete != "":
		return nil, queued.Incomplete
	case resumes >= maxResumes:
		return nil, fmt.Sprintf("it was resumed %d times already", resumes)
	}
	rest := queued
	rest.Owner, rest.Takeable, rest.NotBefore = "", true, time.Time{}
	rest.Tags, rest.Steps = maps.Clone(record.Tags), steps
	rest.Tags[TagRetryOf], rest.Tags[TagFirstRun], rest.Tags[TagResumes] = record.ID, firstOf(record), strconv.Itoa(resumes+1)
	return []history.Event{{RunID: derivedID(whyResume, record.ID), Seq: 1, Time: time.Now(), Data: rest}}, ""
}
