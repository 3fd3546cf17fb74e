package server_test

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// lineOfLog is a line in the log of a run, as the pages have it.
var lineOfLog = regexp.MustCompile(`<b>([A-Z]+)</b><span class="st" title="([^"]*)">[^<]*</span><span class="m">(.*?)</span></div>`)

// logOf returns the lines in the log of a run: the level, what the line is of, and what it says.
func (s *site) logOf(id string) []string {
	s.t.Helper()
	var lines []string
	for _, found := range lineOfLog.FindAllStringSubmatch(s.get("/runs/"+id+"/log?after=0").body, -1) {
		lines = append(lines, html.UnescapeString(tags.ReplaceAllString(strings.Join(found[1:], " | "), "")))
	}
	return lines
}

func TestTheLogOfARunSaysWhatItsEventsSay(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	boom, usage := history.Failure{Message: "boom"}, history.Usage{CPU: 2 * time.Second, Memory: 3_000_000}
	for name, c := range map[string]struct {
		events []history.EventData
		want   []string
	}{
		"a resource of a step names the step": {
			events: []history.EventData{
				history.RunQueued{Job: "nightly", Steps: []string{"a", "b"}},
				history.RunStarting{},
				history.RunStarted{},
				history.StepStarted{Step: "a", Attempt: 1},
				history.ResourceStarting{Resource: "client", Step: "a"},
				history.ResourceStarted{Resource: "client", Step: "a", Duration: time.Second},
				history.ResourceStarting{Resource: "client", Step: "b", Worker: "far/7/aaaaaaaaaaaa"},
				history.ResourceStarted{Resource: "client", Step: "b", Worker: "far/7/aaaaaaaaaaaa", Duration: time.Second, Error: boom},
				history.LogWritten{Message: "hello", Step: "a", Resource: "client"},
				history.LogWritten{Message: "hello", Step: "a"},
				history.LogWritten{Message: "hello", Resource: "client"},
				history.ResourceStopping{Resource: "client", Step: "a"},
				history.ResourceStopped{Resource: "client", Step: "a", Error: boom},
				history.ResourceStarting{Resource: "warehouse"},
			},
			want: []string{
				"INFO |  | run queued: job nightly, 2 steps", "INFO |  | run starting", "INFO |  | run running",
				"INFO | a | step started",
				"INFO | client | resource of step a starting",
				"INFO | client | resource of step a started, 1 s",
				"INFO | client | resource of step b on far/7/aaaaaaaaaaaa starting",
				"ERROR | client | resource of step b on far/7/aaaaaaaaaaaa not started after 1 s: boom",
				"INFO | a: client | hello", "INFO | a | hello", "INFO | client | hello",
				"INFO | client | resource of step a stopping",
				"ERROR | client | resource of step a not stopped: boom",
				"INFO | warehouse | resource starting",
			},
		},
		"a step says what its attempts have used, and which attempt comes next": {
			events: []history.EventData{
				history.RunQueued{Selection: "a or b", Steps: []string{"a", "b"}},
				history.RunStarting{},
				history.RunStarted{},
				history.StepStarted{Step: "a", Attempt: 1},
				history.StepFailed{Step: "a", Attempt: 1, Error: boom, Duration: time.Second, Retry: true, RetryDelay: time.Minute, Usage: usage},
				history.StepStarted{Step: "a", Attempt: 2},
				history.StepFailed{Step: "a", Attempt: 2, Error: boom, Retry: true},
				history.StepStarted{Step: "a", Attempt: 3},
				history.AssetMaterialized{Asset: "a", Partition: "2026-10", Step: "a", Size: 2000, Metadata: history.Values{"rows": 3}},
				history.StepSucceeded{Step: "a", Attempt: 3, Duration: time.Second, Usage: history.Usage{CPU: 2 * time.Second}},
				history.StepSkipped{Step: "b"},
				history.RunFinished{Status: history.StatusFailed, Error: boom},
			},
			want: []string{
				"INFO |  | run queued: selection a or b, 2 steps", "INFO |  | run starting", "INFO |  | run running",
				"INFO | a | step started",
				"ERROR | a | step failed after 1 s, processor time 2 s, memory 3.0 MB, attempt 2 in 1 min 00 s: boom",
				"INFO | a | step started, attempt 2",
				"ERROR | a | step failed, attempt 3 now: boom",
				"INFO | a | step started, attempt 3",
				"INFO | a | materialized a[2026-10] size=2.0 kB rows=3",
				"INFO | a | step succeeded, 1 s, processor time 2 s",
				"WARN | b | step skipped",
				"ERROR |  | run failed: boom",
			},
		},
		"a cancellation says who wants it, and how long steps may go on": {
			events: []history.EventData{
				history.RunQueued{Job: "nightly", Steps: []string{"a", "b"}},
				history.RunStarting{},
				history.RunStarted{},
				history.StepStarted{Step: "a", Attempt: 1},
				history.RunCancelRequested{},
				history.RunCancelRequested{By: "host/1/aaaaaaaaaaaa", Reason: "the process stops"},
				history.RunCancelRequested{By: "ann@build7", Reason: "the node goes", Within: time.Minute},
				history.RunCancelRequested{Within: time.Minute},
				history.StepCancelled{Step: "a", Attempt: 1, Duration: time.Second, Usage: usage},
				history.StepCancelled{Step: "b"},
				history.RunFinished{Status: history.StatusCancelled, Duration: time.Second, Error: history.Failure{Message: "the run was cancelled: the node goes"}},
			},
			want: []string{
				"INFO |  | run queued: job nightly, 2 steps", "INFO |  | run starting", "INFO |  | run running",
				"INFO | a | step started",
				"WARN |  | cancellation requested",
				"WARN |  | cancellation requested: the process stops",
				"WARN |  | cancellation requested: the node goes (by ann@build7), running steps may go on for 1 min 00 s",
				"WARN |  | cancellation requested: running steps may go on for 1 min 00 s",
				"WARN | a | step cancelled after 1 s, processor time 2 s, memory 3.0 MB",
				"WARN | b | step cancelled",
				"WARN |  | run cancelled, 1 s: the run was cancelled: the node goes",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := strings.ReplaceAll(name, " ", "-")
			for _, data := range c.events {
				if _, err := s.launcher.Store().Append(t.Context(), history.Event{RunID: id, Time: time.Now(), Data: data}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, s.logOf(id)); diff != "" {
				t.Errorf("the log differs (-want +got):\n%s", diff)
			}
		})
	}
}
