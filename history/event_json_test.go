package history_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// everyKind is one event of each kind with the JSON it is stored as, without
// its head. What is written here once is in people's files: names don't change.
func everyKind() []struct {
	data history.EventData
	json string
} {
	failure := history.Failure{Message: "no such table", Stack: "main.main()"}
	return []struct {
		data history.EventData
		json string
	}{
		{history.RunQueued{}, `"type":"run_queued"`},
		{
			history.RunQueued{Job: "nightly", Selection: "+revenue", Tags: map[string]string{"team": "data"}, Config: json.RawMessage(`{"a":1}`), Steps: []string{"orders"}},
			`"type":"run_queued","job":"nightly","selection":"+revenue","tags":{"team":"data"},"config":{"a":1},"steps":["orders"]`,
		},
		{history.RunStarting{Owner: "host:42"}, `"type":"run_starting","owner":"host:42"`},
		{
			history.RunStarting{Cluster: history.Cluster{Name: "temporal", Place: "a:7233/default", Page: "https://a/r1"}, Plan: "f1"},
			`"type":"run_starting","cluster":{"name":"temporal","place":"a:7233/default","page":"https://a/r1"},"plan":"f1"`,
		},
		{history.RunAdopted{Owner: "host:43"}, `"type":"run_adopted","owner":"host:43"`},
		{history.RunFinished{Status: history.StatusFailed, Left: []history.LeftResource{{Resource: "db", Worker: "w"}}}, `"type":"run_finished","status":"failed","left":[{"resource":"db","worker":"w"}]`},
		{history.ResourceStarting{Resource: "db", Worker: "w"}, `"type":"resource_starting","resource":"db","worker":"w"`},
		{history.ResourceStarted{Resource: "db", Worker: "w"}, `"type":"resource_started","resource":"db","worker":"w"`},
		{history.ResourceStopping{Resource: "db", Worker: "w"}, `"type":"resource_stopping","resource":"db","worker":"w"`},
		{history.ResourceStopped{Resource: "db", Worker: "w"}, `"type":"resource_stopped","resource":"db","worker":"w"`},
		{history.StepStarted{Step: "orders", Attempt: 1, Worker: "w"}, `"type":"step_started","step":"orders","attempt":1,"worker":"w"`},
		{history.StepFailed{Step: "orders", Attempt: 1, Retry: true, Interrupted: history.InterruptionLost}, `"type":"step_failed","step":"orders","attempt":1,"retry":true,"interrupted":"lost"`},
		{history.StepSucceeded{Step: "orders", Attempt: 2}, `"type":"step_succeeded","step":"orders","attempt":2`},
		{history.StepCancelled{Step: "orders", Attempt: 2}, `"type":"step_cancelled","step":"orders","attempt":2`},
		{history.AssetMaterialized{Asset: "orders", Step: "orders", Attempt: 2}, `"type":"asset_materialized","asset":"orders","step":"orders","attempt":2`},
		{history.RunStarted{}, `"type":"run_started"`},
		{
			history.RunFinished{Status: history.StatusFailed, Error: failure, Duration: time.Second},
			`"type":"run_finished","status":"failed","error":{"message":"no such table","stack":"main.main()"},"duration_ns":1000000000`,
		},
		{history.RunFinished{Status: history.StatusSucceeded}, `"type":"run_finished","status":"succeeded"`},
		{history.RunCancelRequested{Reason: "enough"}, `"type":"run_cancel_requested","reason":"enough"`},
		{history.ResourceStarting{Resource: "db"}, `"type":"resource_starting","resource":"db"`},
		{
			history.ResourceStarted{Resource: "db", Step: "orders", Duration: 5, Error: history.Failure{Message: "refused"}},
			`"type":"resource_started","resource":"db","step":"orders","duration_ns":5,"error":{"message":"refused"}`,
		},
		{history.ResourceStopping{Resource: "db", Step: "orders"}, `"type":"resource_stopping","resource":"db","step":"orders"`},
		{history.ResourceStopped{Resource: "db", Duration: 5}, `"type":"resource_stopped","resource":"db","duration_ns":5`},
		{history.StepStarted{Step: "orders", Attempt: 1}, `"type":"step_started","step":"orders","attempt":1`},
		{
			history.StepProgress{Step: "orders", Rows: 7, Total: 10, Message: "page 7"},
			`"type":"step_progress","step":"orders","rows":7,"total":10,"message":"page 7"`,
		},
		{history.StepSucceeded{Step: "orders", Duration: 5}, `"type":"step_succeeded","step":"orders","duration_ns":5`},
		{
			history.StepFailed{Step: "orders", Attempt: 2, Error: failure, Duration: 5, Retry: true, RetryDelay: 6},
			`"type":"step_failed","step":"orders","attempt":2,"error":{"message":"no such table","stack":"main.main()"},"duration_ns":5,"retry":true,"retry_delay_ns":6`,
		},
		{
			history.StepSkipped{Step: "revenue", Because: "orders failed", Upstream: []string{"orders"}},
			`"type":"step_skipped","step":"revenue","because":"orders failed","upstream":["orders"]`,
		},
		{history.StepCancelled{Step: "orders", Duration: 5}, `"type":"step_cancelled","step":"orders","duration_ns":5`},
		{
			history.AssetMaterialized{
				Asset: "raw/orders", Partition: "2026-01-02", Step: "orders", IOManager: "files", Size: 12,
				Metadata: history.Values{"rows": json.Number("9007199254740993")},
			},
			`"type":"asset_materialized","asset":"raw/orders","partition":"2026-01-02","step":"orders","io_manager":"files","size":12,"metadata":{"rows":9007199254740993}`,
		},
		{
			history.LogWritten{Level: slog.LevelWarn, Message: "slow", Attrs: history.Attrs{{Name: "url", Value: "x"}, {Name: "a", Value: json.Number("1")}}, Step: "orders", Resource: "api"},
			`"type":"log_written","level":"WARN","message":"slow","attrs":{"url":"x","a":1},"step":"orders","resource":"api"`,
		},
		{
			history.UnknownEvent{Kind: "from_the_future", Fields: json.RawMessage(`{"answer":42}`)},
			`"type":"from_the_future","answer":42`,
		},
	}
}

func TestEventJSON(t *testing.T) {
	t.Parallel()
	seen := make(map[history.EventType]bool)
	for _, c := range everyKind() {
		event := history.Event{RunID: "r1", Seq: 3, Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Data: c.data}
		seen[event.Type()] = true
		encoded, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"run_id":"r1","seq":3,"time":"2026-01-02T03:04:05.000006Z",` + c.json + `}`
		if diff := cmp.Diff(want, string(encoded)); diff != "" {
			t.Errorf("JSON of a %T differs (-want +got):\n%s", c.data, diff)
		}
		var decoded history.Event
		if err := json.Unmarshal(encoded, &decoded); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(event, decoded); diff != "" {
			t.Errorf("a %T comes back different (-want +got):\n%s", c.data, diff)
		}
	}
	const kinds = 18 + 1 // those that are known, and one that is not
	if len(seen) != kinds {
		t.Errorf("%d kinds of events were tried, want %d", len(seen), kinds)
	}
}

func TestEventJSONOfANewerVersion(t *testing.T) {
	t.Parallel()
	t.Run("an unknown type keeps its fields", func(t *testing.T) {
		t.Parallel()
		var event history.Event
		text := `{"type":"asset_checked","run_id":"r1","time":"2026-01-02T05:04:05+02:00","seq":9,"passed":true,"asset":"orders"}`
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			t.Fatal(err)
		}
		want := history.Event{
			RunID: "r1", Seq: 9, Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			Data: history.UnknownEvent{Kind: "asset_checked", Fields: json.RawMessage(`{"asset":"orders","passed":true}`)},
		}
		if diff := cmp.Diff(want, event); diff != "" {
			t.Errorf("event differs (-want +got):\n%s", diff)
		}
		encoded, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		again := `{"run_id":"r1","seq":9,"time":"2026-01-02T03:04:05Z","type":"asset_checked","asset":"orders","passed":true}`
		if diff := cmp.Diff(again, string(encoded)); diff != "" {
			t.Errorf("JSON differs (-want +got):\n%s", diff)
		}
	})
	t.Run("new fields of a known type are left out", func(t *testing.T) {
		t.Parallel()
		data, err := history.DecodeData(history.TypeStepStarted, []byte(`{"step":"a","attempt":1,"node":"n1"}`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(history.StepStarted{Step: "a", Attempt: 1}, data); diff != "" {
			t.Errorf("data differs (-want +got):\n%s", diff)
		}
	})
}

func TestEventJSONErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[]`:                               "reading an event: json: cannot unmarshal array into Go value of type history.eventHead",
		`{"run_id":"r1","seq":2}`:          "reading event 2 of run r1: it has no type",
		`{"type":"step_started","step":1}`: "reading event 0 of run : json: cannot unmarshal number into Go struct field StepStarted.step of type string",
	} {
		var event history.Event
		if err := json.Unmarshal([]byte(text), &event); err == nil || err.Error() != want {
			t.Errorf("reading %s gave the error %v, want %s", text, err, want)
		}
	}
}

// What Encode returns must be what a store reads back, also where it knows that
// without reading: for every field of every kind, with values that JSON changes.
func TestEncodeReturnsWhatIsReadBack(t *testing.T) {
	t.Parallel()
	for _, c := range everyKind() {
		kind := reflect.TypeOf(c.data)
		for i := range 2 * kind.NumField() {
			data, field := reflect.New(kind).Elem(), i/2
			if i%2 == 0 { // else it stands alone
				data.Set(reflect.ValueOf(c.data))
			}
			if !spoil(data.Field(field)) {
				continue
			}
			event := history.Event{RunID: "r1", Time: at(1), Data: data.Interface().(history.EventData)}
			stored, fields, err := event.Encode()
			if errors.Is(err, history.ErrInvalid) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			read, err := history.DecodeData(event.Type(), fields)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(read, stored.Data); diff != "" {
				t.Errorf("with a spoilt %s.%s Encode returned something else (-read +returned):\n%s", kind.Name(), kind.Field(field).Name, diff)
			}
		}
	}
}

// spoil gives a field a value that does not come back from JSON as it is, and
// reports whether there is one.
func spoil(field reflect.Value) bool {
	switch value := field.Addr().Interface().(type) {
	case *history.Values:
		*value = history.Values{"n": 1}
	case *map[string]string:
		*value = map[string]string{}
	case *[]string:
		*value = []string{}
	case *json.RawMessage:
		*value = json.RawMessage(`{ "a" : 1 }`)
	case *history.Failure:
		value.Message = "not \xff UTF-8"
	default:
		if field.Kind() != reflect.String {
			return false
		}
		field.SetString("not \xff UTF-8")
	}
	return true
}

func FuzzEventJSON(f *testing.F) {
	for _, c := range everyKind() {
		encoded, err := json.Marshal(history.Event{RunID: "r1", Seq: 3, Time: time.Unix(0, 1000), Data: c.data})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	f.Add([]byte(`{"TYPE":"a","type":"b","Seq":1,"x":1e400}`))
	f.Add([]byte(`{"type":"x","time":"9999-12-31T23:59:59-05:00"}`))
	f.Add([]byte(`{"type":"log_written","attrs":{"a":-0,"b":[1E5,{}]},"level":"INFO+3"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var event history.Event
		if json.Unmarshal(text, &event) != nil {
			return
		}
		first, err := json.Marshal(event)
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		var again history.Event
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, first)
		}
		second, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Fatalf("the second writing differs (-first +second):\n%s", diff)
		}
		if again.Type() != event.Type() || again.Place() != event.Place() || !again.Time.Equal(event.Time) {
			t.Fatalf("%+v became %+v", event, again)
		}

		// What can be stored comes back from a store as Encode says.
		stored, fields, err := event.Encode()
		if err != nil {
			if !errors.Is(err, history.ErrInvalid) {
				t.Fatalf("Encode returned the error %v, want ErrInvalid", err)
			}
			return
		}
		same, fieldsAgain, err := stored.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(stored, same) + cmp.Diff(string(fields), string(fieldsAgain)); diff != "" {
			t.Fatalf("encoding twice differs (-once +twice):\n%s", diff)
		}
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	values := history.Values{
		"number":   1 << 60,
		"nan":      math.NaN(),
		"channel":  false,
		"function": map[string]any{"inner": errors.New("inside"), "inf": math.Inf(1)},
		"error":    fmt.Errorf("loading: %w", errors.New("refused")),
		"no error": error((*failed)(nil)),
		"group":    slog.GroupValue(slog.Int("a", 1), slog.Any("b", errors.New("deep"))),
		"masked":   hidden("password"),
		"time":     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		"nothing":  nil,
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"channel":false,"error":"loading: refused","function":{"inf":"+Inf","inner":"inside"},` +
		`"group":{"a":1,"b":"deep"},"masked":"******","nan":"NaN","no error":"\u003cnil\u003e","nothing":null,` +
		`"number":1152921504606846976,"time":"2026-01-02T03:04:05Z"}`
	if diff := cmp.Diff(want, string(encoded)); diff != "" {
		t.Errorf("JSON differs (-want +got):\n%s", diff)
	}
}

type failed struct{ text string }

func (f *failed) Error() string { return f.text }

type hidden string

func (hidden) LogValue() slog.Value { return slog.StringValue("******") }

func TestFailureOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want history.Failure
	}{
		"no error is no failure":         {nil, history.Failure{}},
		"an error gives its text":        {errors.New("refused"), history.Failure{Message: "refused"}},
		"an error without text is named": {errors.New(""), history.Failure{Message: "an error without text (*errors.errorString)"}},
		"a panic gives its stack too":    {fmt.Errorf("step orders: %w", panicked{}), history.Failure{Message: "step orders: boom", Stack: "main.main()"}},
		"a panic among others is found":  {errors.Join(errors.New("a"), panicked{}), history.Failure{Message: "a\nboom", Stack: "main.main()"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, history.FailureOf(c.err)); diff != "" {
				t.Errorf("failure differs (-want +got):\n%s", diff)
			}
		})
	}
}

type panicked struct{}

func (panicked) Error() string { return "boom" }
func (panicked) Stack() string { return "main.main()" }
