package server_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
)

// TestRunsWhoseProcessIsGone lists runs whose processes have ended without recording the end,
// or of which it is not known.
func TestRunsWhoseProcessIsGone(t *testing.T) {
	t.Parallel()
	lockers := locks.NewMemory()
	place, err := lockers.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opened := make(gate)
	s := newSite(t, nil, definitions(opened), fx.Provide(func() locks.Locker { return lockers }))
	gone, apart := "host/1/gone@"+place, "host/1/apart@elsewhere"
	for id, all := range map[string][]history.EventData{
		"placeless": {history.RunQueued{Selection: "slow", Steps: []string{"slow"}, Owner: gone}},
		"broken":    {history.RunQueued{Selection: "slow", Steps: []string{"slow"}, Owner: gone}, history.RunStarting{Owner: gone}, history.RunStarted{}},
		"distant":   {history.RunQueued{Selection: "slow", Steps: []string{"slow"}, Owner: apart}, history.RunStarting{Owner: apart}, history.RunStarted{}},
		"takeable":  {history.RunQueued{Selection: "slow", Steps: []string{"slow"}, Owner: gone, Takeable: true}},
	} {
		for _, data := range all {
			if _, err := s.launcher.Store().Append(t.Context(), history.Event{RunID: id, Time: time.Now(), Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for id, want := range map[string]string{
		"placeless": `<span class="badge bad">queued (lost)</span>`, "broken": `<span class="badge bad">running (lost)</span>`,
		"distant": `<span class="badge warn">running (possibly lost)</span>`, "takeable": `>queued</span>`,
	} {
		for _, path := range []string{"/runs", "/runs/" + id} {
			if body := s.get(path).body; !strings.Contains(body, want) {
				t.Errorf("%s does not show %s", path, want)
			}
		}
	}
	if text := textOf(s.get("/").body); strings.Count(text, "the process that executed the run has ended") != 2 {
		t.Errorf("the overview does not name the two lost runs:\n%s", text)
	}
}
