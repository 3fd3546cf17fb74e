package inspect_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// logged returns an inspector of a run with these events, which begin with number 2.
func logged(t *testing.T, events ...history.EventData) *inspect.Inspector {
	t.Helper()
	store := history.NewMemoryStore()
	all := []history.Event{{RunID: "r", Seq: 1, Time: began, Data: history.RunQueued{Steps: []string{"a", "b"}}}}
	for i, data := range events {
		all = append(all, history.Event{RunID: "r", Seq: int64(i + 2), Time: began, Data: data})
	}
	if _, err := store.Append(t.Context(), all...); err != nil {
		t.Fatal(err)
	}
	return inspect.New(nil, nil, store)
}

func numbersOf(events []history.Event) []int64 {
	numbers := []int64{}
	for _, event := range events {
		numbers = append(numbers, event.Seq)
	}
	return numbers
}

func TestTheLogIsFilteredByTheStreamsOfSteps(t *testing.T) {
	t.Parallel()
	on := func(stream string) history.Attrs { return history.Attrs{{Name: "stream", Value: stream}} }
	i := logged(t,
		history.RunStarting{}, history.LogWritten{Step: "a", Message: "printed", Attrs: on("stdout")}, // 2 3
		history.LogWritten{Step: "a", Message: "warned", Attrs: on("stderr")}, history.LogWritten{Step: "a", Message: "logged"}, // 4 5
	)
	for stream, want := range map[string][]int64{"stdout": {3}, "stderr": {4}, "other": {}} {
		page, err := i.Log(t.Context(), inspect.LogQuery{Run: "r", Stream: stream})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, numbersOf(page.Events)); diff != "" {
			t.Errorf("the lines of %s differ (-want +got):\n%s", stream, diff)
		}
	}
}

func TestTheLogIsFiltered(t *testing.T) {
	t.Parallel()
	line := func(level slog.Level, step, text string) history.LogWritten {
		return history.LogWritten{Level: level, Step: step, Message: text, Attrs: history.Attrs{{Name: "table", Value: "Flights"}}}
	}
	i := logged(t,
		history.RunStarting{}, history.RunStarted{}, // 2 3
		history.StepStarted{Step: "a", Attempt: 1},                                         // 4
		line(slog.LevelDebug, "a", "details"), line(slog.LevelInfo, "a", "Reading Orders"), // 5 6
		line(slog.LevelWarn, "", "slow disk"), line(slog.LevelError, "a", "disk gone"), // 7 8
		history.StepFailed{Step: "a", Attempt: 1, Error: history.Failure{Message: "the disk"}},       // 9
		history.StepSkipped{Step: "b", Because: "a failed"},                                          // 10
		history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "a fail"}}, // 11
	)
	for name, c := range map[string]struct {
		query inspect.LogQuery
		want  []int64
	}{
		"by default without debug lines":          {inspect.LogQuery{}, []int64{1, 2, 3, 4, 6, 7, 8, 9, 10, 11}},
		"with debug lines":                        {inspect.LogQuery{Level: slog.LevelDebug}, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		"warnings, and what tells of a failure":   {inspect.LogQuery{Level: slog.LevelWarn}, []int64{7, 8, 9, 11}},
		"errors, and what tells of a failure":     {inspect.LogQuery{Level: slog.LevelError}, []int64{8, 9, 11}},
		"of one step":                             {inspect.LogQuery{Step: "a"}, []int64{4, 6, 8, 9}},
		"of a step that the run does not have":    {inspect.LogQuery{Step: "c"}, []int64{}},
		"with a text, in any case":                {inspect.LogQuery{Text: "ORDERS"}, []int64{6}},
		"with a text of an attribute":             {inspect.LogQuery{Text: "flights"}, []int64{6, 7, 8}},
		"with a text, and of a level and a step":  {inspect.LogQuery{Text: "disk", Level: slog.LevelError, Step: "a"}, []int64{8, 9}},
		"after a number":                          {inspect.LogQuery{After: 9}, []int64{10, 11}},
		"after the end":                           {inspect.LogQuery{After: 11}, []int64{}},
		"of a run that is not there, it is empty": {inspect.LogQuery{Run: "none"}, []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.query.Run == "" {
				c.query.Run = "r"
			}
			page, err := i.Log(t.Context(), c.query)
			if err != nil && c.query.Run == "r" {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, numbersOf(page.Events)); page.Events != nil && diff != "" || page.More {
				t.Errorf("the events differ (-want +got), more: %v\n%s", page.More, diff)
			}
		})
	}
}

func TestTheLogIsReadInPages(t *testing.T) {
	t.Parallel()
	var events []history.EventData
	for n := range 2500 {
		events = append(events, history.LogWritten{Message: fmt.Sprintf("line %d.", n), Step: []string{"a", "b"}[n%2]})
	}
	i := logged(t, events...)
	for name, query := range map[string]inspect.LogQuery{
		"of all lines": {Run: "r", Limit: 700}, "of the lines of a step": {Run: "r", Limit: 700, Step: "b"}, "of a size that ends with the log": {Run: "r", Limit: 2501},
		"of the default size": {Run: "r"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := map[string]int{"": 2501, "b": 1250}[query.Step]
			var got []int64
			for range 100 {
				page, err := i.Log(t.Context(), query)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, numbersOf(page.Events)...)
				if query.After = page.Next; !page.More {
					break
				}
			}
			if len(got) != want {
				t.Fatalf("the pages have %d events, want %d", len(got), want)
			}
			for n := 1; n < len(got); n++ {
				if got[n] <= got[n-1] {
					t.Fatalf("event %d comes after %d", got[n], got[n-1])
				}
			}
		})
	}
}

func TestAQueryOfALargeLogEndsSoon(t *testing.T) {
	t.Parallel()
	events := make([]history.EventData, 120_000)
	for n := range events {
		events[n] = history.LogWritten{Message: "a line"}
	}
	events[len(events)-1] = history.LogWritten{Message: "the needle"}
	i := logged(t, events...)
	query := inspect.LogQuery{Run: "r", Text: "needle"}
	pages := 0
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); pages++ {
		page, err := i.Log(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Events) == 1 {
			break
		}
		if !page.More {
			t.Fatal("the line was not found")
		}
		query.After = page.Next
	}
	if pages != 2 {
		t.Errorf("the line is on page %d of the queries", pages)
	}
}
