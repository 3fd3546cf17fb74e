package historytest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
)

func appendClauses() []clause {
	return []clause{
		{name: "a log has its events in the order of appending", check: logOrder},
		{name: "places are numbered from one in each run", check: numbering},
		{name: "every kind of event comes back whole", check: wholeEvents},
		{name: "appending the same events again changes nothing", check: idempotence},
		{name: "another event at a taken place is a conflict", check: conflict},
		{name: "an event beyond the end of the log is a conflict", check: gap},
		{name: "an append is all or nothing", check: atomicity},
		{name: "an append without events does nothing", check: nothing},
		{name: "an event that no log could hold is refused", check: invalid},
		{name: "an ended context stores nothing", check: endedContext},
		{name: "an append cancelled at any moment tells the truth", check: interruptedAppends},
		{name: "stored events share nothing with the caller", check: aliasing},
		{name: "a store that knows its size tells it", check: size},
	}
}

func logOrder(t tester, subject Subject) {
	var want []history.Event
	for _, one := range finished("r1", "orders") {
		want = append(want, add(t, subject.Store, one)...)
	}
	late := add(t, subject.Store, logged("r1", 9, "bye"), logged("r1", 8, "really"))
	want = append(want, late...)
	got := readLog(t, subject.Store, "r1")
	gapless(t, got)
	same(t, "appended and read events", got, want)
}

func numbering(t tester, subject Subject) {
	stored := add(t, subject.Store, queued("a"), queued("b"), logged("b", 1, "x"), logged("a", 1, "y"), logged("b", 2, "z"))
	want := []history.Place{{RunID: "a", Seq: 1}, {RunID: "b", Seq: 1}, {RunID: "b", Seq: 2}, {RunID: "a", Seq: 2}, {RunID: "b", Seq: 3}}
	same(t, "places", places(stored), want)
	gapless(t, readLog(t, subject.Store, "a"))
	gapless(t, readLog(t, subject.Store, "b"))
	explicit := event("a", 3, history.RunStarting{})
	explicit.Seq = 3
	same(t, "places", places(add(t, subject.Store, explicit)), []history.Place{{RunID: "a", Seq: 3}})
}

// awkward is a text that a careless store mangles.
const awkward = "a 'quoted' \"text\"; -- with\nlines, <tags>, \\ and ünïcödé \U0001F4A5, \x00\x01\x01\x02\x00"

// allKinds is a run in which everything happens that a log keeps, with every field set.
func allKinds(run string) []history.Event {
	failure := history.Failure{Message: awkward, Stack: "goroutine 1 [running]:\nmain.main()"}
	second := time.Second
	data := []history.EventData{
		history.RunQueued{
			Job: "nightly", Selection: "+revenue", Tags: map[string]string{"team": awkward, "": "empty"},
			Config:        json.RawMessage(`{"resources":{"warehouse":{"config":{"table":"t","big":9007199254740993}}}}`),
			ConfigGivenBy: map[string]string{"resources.warehouse.config.table": awkward},
			Steps:         []string{"orders", "revenue", "report", awkward},
		},
		history.RunStarting{
			Owner: "host:42",
			Config: []history.ConfigField{
				{Of: "resources.warehouse", Path: "table", Source: "launch", GivenBy: awkward, Value: awkward, Cut: true},
				{Of: "resources.warehouse", Path: "password", Source: "env", Variable: "PASSWORD", Secret: true},
			},
			ConfigOmitted: 3,
			Cluster:       history.Cluster{Name: "temporal", Place: awkward, Page: "https://temporal.example/" + awkward},
			Plan:          awkward,
		},
		history.ResourceStarting{Resource: "warehouse", Step: "orders", Worker: awkward},
		history.ResourceStarted{Resource: "warehouse", Step: "orders", Duration: second, Error: failure},
		history.RunStarted{},
		history.RunAdopted{Owner: awkward},
		history.StepStarted{Step: "orders", Attempt: 1, Worker: awkward},
		history.StepFailed{Step: "orders", Attempt: 1, Error: failure, Duration: 1, Retry: true, RetryDelay: second, Interrupted: history.InterruptionLost},
		history.StepStarted{Step: "orders", Attempt: 2, Worker: "host:44"},
		history.LogWritten{
			Level: slog.LevelWarn, Message: awkward, Step: "orders", Resource: "warehouse",
			Attrs: history.Attrs{
				{Name: "rows", Value: json.Number("9007199254740993")},
				{Name: "nested", Value: history.Attrs{{Name: "list", Value: []any{"a", nil, true}}, {Name: "a", Value: history.Attrs{}}}},
				{Name: awkward, Value: awkward},
			},
		},
		history.AssetMaterialized{
			Asset: "raw/orders", Partition: "2026-01-02", Step: "orders", Attempt: 2, IOManager: "io_manager",
			Size: 1 << 60, Metadata: history.Values{awkward: awkward},
		},
		history.StepSucceeded{Step: "orders", Attempt: 2, Duration: second},
		history.StepStarted{Step: awkward, Attempt: 1},
		history.StepFailed{Step: awkward, Attempt: 1, Error: failure},
		history.StepSkipped{Step: "revenue", Because: awkward, Upstream: []string{awkward, "orders"}},
		history.RunCancelRequested{Reason: awkward},
		history.StepCancelled{Step: "report", Duration: second},
		history.ResourceStopping{Resource: "warehouse", Step: "orders", Worker: awkward},
		history.ResourceStopped{Resource: "warehouse", Step: "orders", Duration: second, Error: failure},
		history.UnknownEvent{Kind: "from_the_future", Fields: json.RawMessage(`{"answer":42}`)},
		history.RunFinished{Status: history.StatusFailed, Error: failure, Duration: second},
	}
	events := make([]history.Event, len(data))
	for i, one := range data {
		events[i] = event(run, i, one)
	}
	return events
}

func wholeEvents(t tester, subject Subject) {
	want := allKinds(awkward)
	stored := add(t, subject.Store, want...)
	for i := range want {
		want[i].Seq = int64(i + 1)
	}
	same(t, "returned events", stored, want)
	got := readLog(t, subject.Store, awkward)
	same(t, "read events", got, want)
	same(t, "records", readRun(t, subject.Store, awkward), sum(t, want))

	cut := add(t, subject.Store, logged(awkward, 99, "not \xff UTF-8"))[0]
	same(t, "mended events", readEvents(t, subject.Store, history.EventQuery{RunID: awkward, AfterSeq: cut.Seq - 1}), []history.Event{cut})
}

func idempotence(t tester, subject Subject) {
	stored := add(t, subject.Store, finished("r1", "orders")...)
	for range 2 {
		same(t, "events appended again", add(t, subject.Store, stored...), stored)
	}
	more := logged("r1", 7, "more")
	more.Seq = int64(len(stored) + 1)
	both := add(t, subject.Store, stored[len(stored)-1], more) // the call overlaps the log and goes on
	same(t, "logs", readLog(t, subject.Store, "r1"), append(stored, both[1]))
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{"r1"})
}

func conflict(t tester, subject Subject) {
	stored := add(t, subject.Store, running("r1", "orders")...)
	other := stored[1]
	other.Data = history.RunStarting{Owner: "worker-2"}
	later := stored[1]
	later.Time = later.Time.Add(time.Microsecond)
	kind := stored[1]
	kind.Data = history.LogWritten{Message: "x"}
	first := stored[0]
	first.Data = history.RunQueued{Job: "hourly"}
	for _, bad := range []history.Event{other, later, kind, first} {
		refuse(t, subject.Store, history.ErrConflict, bad)
	}
	same(t, "logs", readLog(t, subject.Store, "r1"), stored)
	same(t, "records", readRun(t, subject.Store, "r1"), sum(t, stored))
}

func gap(t tester, subject Subject) {
	beyond := queued("r1")
	beyond.Seq = 2
	refuse(t, subject.Store, history.ErrConflict, beyond)
	stored := add(t, subject.Store, queued("r1"))
	beyond = logged("r1", 1, "x")
	beyond.Seq = 3
	refuse(t, subject.Store, history.ErrConflict, beyond)
	same(t, "logs", readLog(t, subject.Store, "r1"), stored)
}

func atomicity(t tester, subject Subject) {
	before := add(t, subject.Store, running("old", "orders")...)
	refuse(t, subject.Store, history.ErrTransition,
		event("old", 4, history.StepSucceeded{Step: "orders"}),
		queued("new"),
		event("new", 1, history.RunStarting{}),
		event("new", 2, history.RunStarting{}))
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{"old"})
	same(t, "logs", readLog(t, subject.Store, "old"), before)
	same(t, "records", readRun(t, subject.Store, "old"), sum(t, before))
	same(t, "all events", len(readEvents(t, subject.Store, history.EventQuery{})), len(before))

	// The store goes on from where it was.
	stored := add(t, subject.Store, queued("new"), event("old", 4, history.StepSucceeded{Step: "orders"}))
	same(t, "places", places(stored), []history.Place{{RunID: "new", Seq: 1}, {RunID: "old", Seq: 5}})
	same(t, "records", readRun(t, subject.Store, "old"), sum(t, append(before, stored[1])))
}

func nothing(t tester, subject Subject) {
	add(t, subject.Store)
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{})
	same(t, "events", places(readEvents(t, subject.Store, history.EventQuery{})), []history.Place{})
}

func invalid(t tester, subject Subject) {
	add(t, subject.Store, running("r1", "orders")...)
	for _, bad := range []history.Event{
		{},
		{RunID: "r1", Time: at(1)},
		{RunID: "r1", Data: history.RunStarting{}},
		{Time: at(1), Data: history.RunStarting{}},
		{RunID: "r1", Time: at(1), Seq: -1, Data: history.RunStarting{}},
		{RunID: "r\xff1", Time: at(1), Data: history.RunQueued{}},
		event("r2", 1, history.RunQueued{Config: json.RawMessage("{")}),
		event("r2", 1, history.RunQueued{Steps: []string{"a", "a"}}),
		event("r2", 1, history.RunQueued{Steps: []string{""}}),
		event("r1", 1, history.RunFinished{Status: "exploded"}),
		event("r1", 1, history.RunFinished{Status: history.StatusRunning}),
		event("r1", 1, history.AssetMaterialized{Step: "orders"}),
		event("r1", 1, history.UnknownEvent{}),
		event("r1", 1, history.UnknownEvent{Kind: history.TypeRunStarted}),
		event("r1", 1, history.UnknownEvent{Kind: "new", Fields: json.RawMessage("[]")}),
	} {
		refuse(t, subject.Store, history.ErrInvalid, bad)
	}
	same(t, "events", len(readEvents(t, subject.Store, history.EventQuery{})), len(running("r1", "orders")))
}

func endedContext(t tester, subject Subject) {
	stored := add(t, subject.Store, queued("r1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // where it is left to chance
		if _, err := subject.Store.Append(ctx, logged("r1", 1, "x")); !errors.Is(err, context.Canceled) {
			t.Fatalf("Append with an ended context returned the error %v, want context.Canceled", err)
		}
	}
	if _, err := subject.Store.Runs(ctx, history.RunQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Runs with an ended context returned the error %v, want context.Canceled", err)
	}
	if _, err := subject.Store.Events(ctx, history.EventQuery{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Events with an ended context returned the error %v, want context.Canceled", err)
	}
	same(t, "logs", readLog(t, subject.Store, "r1"), stored)
}

// size checks only what every database does: it may make a file larger before it is full.
func size(t tester, subject Subject) {
	sized, ok := subject.Store.(history.Sized)
	if !ok {
		return
	}
	tell := func() int64 {
		t.Helper()
		bytes, err := sized.Size(t.Context())
		if err != nil {
			t.Fatalf("Size: %v", err)
		}
		return bytes
	}
	before := tell()
	add(t, subject.Store, queued("r1", "orders"))
	const long = 1 << 20
	add(t, subject.Store, logged("r1", 1, incompressible(long)))
	if after := tell(); before < 0 || after <= before {
		t.Errorf("Size was %d bytes, and is %d after an event of %d bytes was added", before, after, long)
	}
}

// incompressible returns a text that a database cannot make smaller.
func incompressible(bytes int) string {
	var text strings.Builder
	for text.Len() < bytes {
		text.WriteString(rand.Text())
	}
	return text.String()
}

func aliasing(t tester, subject Subject) {
	tags := map[string]string{"team": "data"}
	config := json.RawMessage(`{"a":1}`)
	steps := []string{"orders"}
	resolved := []history.ConfigField{{Of: "resources.warehouse", Path: "table", Source: "code", Value: "t"}}
	metadata := history.Values{"path": "a.csv"}
	events := running("r1", "orders")
	events[0].Data = history.RunQueued{Tags: tags, Config: config, Steps: steps}
	events[1].Data = history.RunStarting{Config: resolved}
	made := history.AssetMaterialized{Asset: "orders", Step: "orders", Metadata: metadata}
	returned := add(t, subject.Store, append(events, event("r1", 4, made))...)
	wantLog, wantRecord := readLog(t, subject.Store, "r1"), readRun(t, subject.Store, "r1")
	scribble := func(log []history.Event, record history.Record) {
		first := log[0].Data.(history.RunQueued)
		first.Tags["team"], first.Config[1], first.Steps[0] = "x", 'x', "x"
		log[1].Data.(history.RunStarting).Config[0].Value = "x"
		log[len(log)-1].Data.(history.AssetMaterialized).Metadata["path"] = "x"
		record.Tags["team"], record.Config[1], record.Steps[0].Key = "x", 'x', "x"
	}
	tags["team"], config[1], steps[0], metadata["path"] = "x", 'x', "x", "x"
	resolved[0].Value = "x"
	scribble(returned, wantRecord.Clone())
	scribble(readLog(t, subject.Store, "r1"), readRun(t, subject.Store, "r1"))
	same(t, "logs", readLog(t, subject.Store, "r1"), wantLog)
	same(t, "records", readRun(t, subject.Store, "r1"), wantRecord)
	if wantRecord.Tags["team"] != "data" || string(wantRecord.Config) != `{"a":1}` {
		t.Errorf("the record has tags %v and config %s", wantRecord.Tags, wantRecord.Config)
	}
	// The next append must not go on from something that a reader has changed.
	add(t, subject.Store, event("r1", 5, history.StepSucceeded{Step: "orders"}))
}
