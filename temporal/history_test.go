package temporal_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// kept returns what Temporal keeps of a run. Payloads are changed by a function.
func (s *stage) kept(run string, change func(data []byte) []byte) string {
	s.t.Helper()
	all := new(historypb.History)
	for events := s.client().GetWorkflowHistory(s.t.Context(), run, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			s.t.Fatal(err)
		}
		all.Events = append(all.Events, event)
	}
	visit := proxy.VisitPayloadsOptions{Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
		for _, payload := range payloads {
			payload.Data = change(payload.Data)
		}
		return payloads, nil
	}}
	if err := proxy.VisitPayloads(s.t.Context(), all, visit); err != nil {
		s.t.Fatal(err)
	}
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(all)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestTemporalKeepsNeitherConfigNorValues(t *testing.T) {
	const marker = "a-text-that-must-not-leave"
	t.Setenv("TEMPORAL_TEST_PASSWORD", marker+"-as-secret")
	s := newStage(t, nil)
	defer s.startWork()()
	s.touch("fail-third")
	run := s.launch(runs.Request{
		Selection: "+third", Tags: map[string]string{"team": marker}, Config: container.RunConfig{Resources: map[string]any{
			"warehouse": map[string]any{"table": marker, "password": map[string]any{"env": "TEMPORAL_TEST_PASSWORD"}},
		}},
	})
	if err := run.Wait(t.Context()); err == nil {
		t.Error("the run has succeeded")
	}
	if len(s.notes("ended "+"second")) != 1 {
		t.Error("the step before the last one has not ended")
	}
	var payloads []byte
	kept := s.kept(run.ID(), func(data []byte) []byte {
		payloads = append(payloads, data...)
		return data
	})
	kept += string(payloads)
	for _, want := range []string{`"second"`, "it was told to fail", s.launcher.Name()} {
		if !strings.Contains(kept, want) {
			t.Errorf("Temporal's history lacks %q", want)
		}
	}
	for _, unwanted := range []string{marker, "TEMPORAL_TEST_PASSWORD", s.Folder} {
		if strings.Contains(kept, unwanted) {
			t.Errorf("Temporal's history has %q", unwanted)
		}
	}
}

func TestTemporalGetsNoSecretInAnError(t *testing.T) {
	const secret = "a-text-that-must-not-leave"
	t.Setenv("TEMPORAL_TEST_SECRET", secret)
	s := newStage(t, nil)
	defer s.startWork()()
	run := s.launch(runs.Request{Selection: "first", Config: container.RunConfig{Resources: map[string]any{
		"warehouse": map[string]any{"table": "forbidden", "password": map[string]any{"env": "TEMPORAL_TEST_SECRET"}},
	}}})
	err := run.Wait(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the password ****** is refused") {
		t.Errorf("the run has ended with %v", err)
	}
	var payloads []byte
	kept := s.kept(run.ID(), func(data []byte) []byte {
		payloads = append(payloads, data...)
		return data
	})
	if kept += string(payloads); strings.Contains(kept, secret) || !strings.Contains(kept, "is refused") {
		t.Errorf("Temporal's history has the secret, or lacks the error: %s", kept)
	}
	if strings.Contains(kept, `"placement":2`) {
		t.Error("a second worker was asked to open what the first one could not open")
	}
}

// histories is the folder of the workflows that were recorded with the present form of the
// workflow. A change of the workflow that needs another form gets a further folder, and the workflow
// must still be able to go on with those of the others.
const histories = "testdata/histories/2"

// recordings are runs whose workflow is recorded.
var recordings = map[string]func(s *stage) (run *runs.Run){
	"succeeds": func(s *stage) *runs.Run { return s.launch(runs.Request{Selection: "+third"}) },
	"fails": func(s *stage) *runs.Run {
		s.touch("fail-second")
		return s.launch(runs.Request{Selection: "+third"})
	},
	"retries": func(s *stage) *runs.Run {
		s.touch("fail-flaky")
		return s.launch(runs.Request{Selection: "flaky"})
	},
	"is cancelled": func(s *stage) *runs.Run {
		s.touch("hold-second")
		run := s.launch(runs.Request{Selection: "+third"})
		s.awaitNote("began second", 1)
		run.Cancel("the test asks for it")
		return run
	},
	"drains": func(s *stage) *runs.Run {
		s.touch("hold-second")
		run := s.launch(runs.Request{Selection: "+third"})
		s.awaitNote("began second", 1)
		run.Drain("the test asks for it", 1<<40)
		s.remove("hold-second")
		return run
	},
	"has no resources": func(s *stage) *runs.Run {
		return s.launch(runs.Request{Selection: "+third", Config: container.RunConfig{Resources: map[string]any{"warehouse": map[string]any{"table": "missing"}}}})
	},
	"times out": func(s *stage) *runs.Run {
		s.touch("hold-second")
		return s.launch(runs.Request{Selection: "+third", Timeout: 15 * time.Second})
	},
	"has continued": func(s *stage) *runs.Run {
		temporal.Continue(s.cluster, 18)
		return s.launch(runs.Request{Selection: "+third", Timeout: time.Hour})
	},
	"loses its worker": func(s *stage) *runs.Run {
		s.touch("hold-second")
		run := s.launch(runs.Request{Selection: "+third"})
		s.awaitNote("began second", 1)
		if err := s.server.Freeze(); err != nil {
			s.t.Fatal(err)
		}
		s.awaitNote("cancelled second", 1)
		if err := s.server.Thaw(); err != nil {
			s.t.Fatal(err)
		}
		s.awaitNote("began second", 2)
		s.remove("hold-second")
		return run
	},
}

// TestRecordHistories writes the recorded workflows anew if UPDATE_GOLDEN is set.
func TestRecordHistories(t *testing.T) {
	if os.Getenv("UPDATE_GOLDEN") == "" {
		t.Skip("UPDATE_GOLDEN is not set")
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(histories, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, execute := range recordings {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			defer s.startWork()()
			run := execute(s)
			_ = run.Wait(t.Context())
			text := regexp.MustCompile(`"identity": ?"[^"]*"`).ReplaceAllString(s.kept(run.ID(), func(data []byte) []byte {
				return bytes.ReplaceAll(data, []byte(host+"/"), []byte("host/"))
			}), `"identity": "worker"`)
			text = strings.NewReplacer(host+"/", "host/", "\""+host+":", "\"host:").Replace(text)
			if err := os.WriteFile(filepath.Join(histories, strings.ReplaceAll(name, " ", "_")+".json"), []byte(text+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestWorkflowsOfOtherReleasesGoOn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/histories/*/*.json")
	if err != nil || len(files) < len(recordings) {
		t.Fatalf("there are %d recorded workflows, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(temporal.Workflow, workflow.RegisterOptions{Name: temporal.WorkflowName})
			if err := replayer.ReplayWorkflowHistoryFromJSONFile(nil, file); err != nil {
				t.Error(err)
			}
		})
	}
}

// runsVariable says how many runs are executed at once: 1000 take some minutes.
const runsVariable = "TEMPORAL_TEST_RUNS"

func TestManyRunsAtOnce(t *testing.T) {
	t.Parallel()
	count := 30
	if text := os.Getenv(runsVariable); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	s := newStage(t, func(p *program) { p.MaxRuns, p.Heartbeat = 100, time.Minute })
	defer s.startWork()()
	var waiting sync.WaitGroup
	for i := range count {
		run := s.launch(runs.Request{Selection: "small", ID: fmt.Sprint("run", i)})
		waiting.Go(func() {
			if err := run.Wait(context.WithoutCancel(t.Context())); err != nil {
				t.Errorf("run %d: %v", i, err)
			}
		})
	}
	waiting.Wait()
}
