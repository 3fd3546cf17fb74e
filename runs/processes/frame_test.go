package processes_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/runs/processes"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	const event = `{"event":{"run_id":"r","seq":0,"time":"2026-01-02T03:04:05Z","type":"step_started","step":"s","attempt":1}}`
	for name, test := range map[string]struct {
		sent, want string
	}{
		"nothing is the end":                {"", "EOF"},
		"an event":                          {event + "\n", "EOF"},
		"the end":                           {`{"ended":{}}` + "\n", "EOF"},
		"an event without an end":           {event, "a frame without an end"},
		"an empty line":                     {"\n", "0 bytes that are no frame"},
		"neither an event nor an end":       {"{}\n", "2 bytes that are no frame"},
		"both an event and an end":          {event[:len(event)-1] + `,"ended":{}}` + "\n", "that are no frame"},
		"an event of no kind":               {`{"event":{"run_id":"r"}}` + "\n", "that are no frame"},
		"a line of another program":         {"panic: no\n", `beginning with "panic: no"`},
		"a line without an end and a limit": {strings.Repeat("x", 9<<20), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := processes.ReadReports(strings.NewReader(test.sent)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte(`{"event":{"run_id":"r","seq":0,"time":"2026-01-02T03:04:05Z","type":"log_written","message":"m","attrs":{"a":{"b":1}}}}` + "\n"))
	f.Add([]byte(`{"ended":{"error":{"message":"m","stack":"s"}}}` + "\n{"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		events, err := processes.ReadReports(bytes.NewReader(sent))
		if err == nil {
			t.Fatal("there is no end")
		}
		if errors.Is(err, io.EOF) && len(sent) > 0 && sent[len(sent)-1] != '\n' {
			t.Error("the last frame has no end, and that is no error")
		}
		for _, event := range events {
			if _, err := json.Marshal(event); err != nil {
				t.Errorf("an event that was read can't be written: %v", err)
			}
		}
	})
}
