package automation_test

import (
	"errors"
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
		"a cursor that is too long":         {cursor: strings.Repeat("c", 1<<20+1), want: "its cursor has 1048577 bytes, and may have 1048576"},
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
	for cursor, want := range map[string]string{"\xff": "its cursor is not UTF-8", strings.Repeat("c", 50<<20): "its cursor has 52428800 bytes"} {
		err := p.control().Reset(t.Context(), automation.KindSensor, "odd", automation.Reset{Cursor: &cursor})
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
			t.Errorf("got %.500v, want %s", err, want)
		}
	}
}

func TestLongTextsOfATickAreCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", 10<<20)
	for name, fn := range map[string]func(tick *automation.Tick) error{
		"an error":             func(*automation.Tick) error { return errors.New(long) },
		"a panic":              func(*automation.Tick) error { panic(long) },
		"a reason for no runs": func(tick *automation.Tick) error { tick.Skip("%s", long); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newProgram(t, new(tables), nil, automation.NewSensor("long", fn, automation.Every(time.Hour), automation.Jitter(0)))
				p.runFor(time.Minute, nil)
				p.close(p.launcher)
				ticks := p.ticks(automation.KindSensor, "long")
				if len(ticks) == 0 {
					t.Fatal("no tick is recorded")
				}
				text := ticks[0].Error.Message + ticks[0].Reason
				if len(text) > 1<<20 || !strings.Contains(text, "this is the beginning of a text of 5242") {
					t.Errorf("the tick keeps %d bytes: %.200s", len(text), text)
				}
			})
		})
	}
}

func TestACursorThatWasStoredByAnEarlierVersionMayBeLonger(t *testing.T) {
	t.Parallel()
	p := newProgram(t, new(tables), nil, automation.NewSensor("old", func(*automation.Tick) error { return nil }))
	defer p.close(p.launcher)
	if _, err := p.all.Evaluate(t.Context(), automation.KindSensor, "old", automation.Occasion{Cursor: strings.Repeat("c", 2<<20)}); err != nil {
		t.Errorf("a tick that leaves it as it is fails: %.200v", err)
	}
}
