package automation_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/automation"
)

func TestATickFailsByTextThatTheHistoryCouldNotKeep(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		request automation.RunRequest
		cursor  string
		want    string
	}{
		"a cursor that is not UTF-8":        {cursor: "\xff\x01", want: "its cursor is not UTF-8"},
		"a key that is not UTF-8":           {request: automation.RunRequest{Key: "\xff"}, want: "its key is not UTF-8"},
		"a key that is too long":            {request: automation.RunRequest{Key: strings.Repeat("long", 200)}, want: `(key "longlong`},
		"a tag whose value is not UTF-8":    {request: automation.RunRequest{Key: "a", Tags: map[string]string{"city": "Z\xfcrich"}}, want: `the tag "city" with the value "Z\xfcrich" is not UTF-8`},
		"a tag whose name is not UTF-8":     {request: automation.RunRequest{Key: "a", Tags: map[string]string{"\xff": "x"}}, want: `the tag "\xff" with the value "x" is not UTF-8`},
		"a tag without a name":              {request: automation.RunRequest{Key: "a", Tags: map[string]string{"": "x"}}, want: `the tag with the value "x" has no name`},
		"a tag that only the launcher sets": {request: automation.RunRequest{Key: "a", Tags: map[string]string{automation.TagSensor: "x"}}, want: "only the launcher sets tags"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var loaded tables
				p := newProgram(t, &loaded, nil, automation.NewSensor("odd", func(tick *automation.Tick) []automation.RunRequest {
					tick.SetCursor(row.cursor)
					return []automation.RunRequest{row.request}
				}, automation.For("small_job"), automation.Every(time.Minute), automation.Jitter(0)))
				p.runFor(90*time.Second, nil)
				p.close(p.launcher)
				ticks := p.ticks(automation.KindSensor, "odd")
				if len(ticks) != 2 {
					t.Fatalf("it has ticked %d times: %s", len(ticks), p.logged())
				}
				for _, tick := range ticks {
					if tick.Status != automation.TickFailed || !strings.Contains(tick.Error.Message, row.want) || len(tick.Error.Message) > 500 {
						t.Errorf("the tick is %s: %s", tick.Status, tick.Error.Message)
					}
				}
				if made := p.runs(nil); len(made) > 0 || p.status(automation.KindSensor, "odd").State.Cursor != "" {
					t.Errorf("there are %d runs", len(made))
				}
			})
		})
	}
}

func TestResetRefusesACursorThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	var loaded tables
	p := newProgram(t, &loaded, nil, automation.NewSensor("odd", func() {}, automation.For("small_job")))
	defer p.close(p.launcher)
	cursor := "\xff"
	err := p.control().Reset(t.Context(), automation.KindSensor, "odd", automation.Reset{Cursor: &cursor})
	if err == nil || !strings.Contains(err.Error(), `the cursor "\xff" is not UTF-8`) {
		t.Errorf("got %v", err)
	}
}
