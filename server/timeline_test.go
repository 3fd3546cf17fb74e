package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

func TestTheTimelineShowsThePartThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	id := s.run("+broken")
	page := func(query string) string {
		got := s.get("/runs/" + id + query)
		if got.status != http.StatusOK {
			t.Fatalf("%s answers %d", query, got.status)
		}
		_, timeline, _ := strings.Cut(got.body, `id="timeline"`)
		timeline, _, _ = strings.Cut(timeline, `id="log"`)
		return timeline
	}
	lanes := func(text string) int { return strings.Count(text, `class="lane"`) }
	all := lanes(page(""))
	if failed := page("?show=failed"); lanes(failed) == 0 || lanes(failed) >= all || !strings.Contains(failed, "not shown") {
		t.Errorf("of %d lines, %d are shown as failed", all, lanes(failed))
	}
	if critical := lanes(page("?show=critical")); critical == 0 || critical > all {
		t.Errorf("of %d lines, %d are on the critical path", all, critical)
	}
	for query, isWhole := range map[string]bool{
		"?from=0&to=100": false, "?from=100&to=50": true, "?from=-5&to=x": true, "?from=99999999999999999999": true, "?from=1&to=2": true, "?to=999999999999": true,
	} {
		t.Run("for "+query, func(t *testing.T) {
			t.Parallel()
			got := page(query)
			if strings.Contains(got, `data-from="0" data-length="100"`) == isWhole {
				t.Errorf("the part is wrong: %.200s", got)
			}
			if strings.Contains(got, ` x="-`) {
				t.Error("a bar begins before the timeline")
			}
		})
	}
}

func TestAQueuedRunThatNobodyHasTakenIsCancelledAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	prepared, err := s.launcher.Prepare(runs.Request{Selection: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := prepared.Queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.post("/runs/" + id + "/cancel"); got.status != http.StatusSeeOther {
		t.Fatalf("the answer is %d: %s", got.status, textOf(got.body))
	}
	s.waitFor(id, history.StatusCancelled)
	if got := s.post("/runs/" + id + "/cancel"); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "it has already ended") {
		t.Errorf("cancelling it again is answered by %d: %s", got.status, textOf(got.body))
	}
}
