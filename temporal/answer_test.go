package temporal_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// forgetful is a client of a Temporal that has just been started: it does not yet know its namespaces, its
// workflows, or who may use them.
type forgetful struct {
	client.Client
	client.WorkflowRun
	unknown atomic.Int32 // answers to the start
	lost    atomic.Int32 // answers to the question how the workflow has ended
	starts  atomic.Int32
}

func (f *forgetful) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	f.starts.Add(1)
	switch left := f.unknown.Add(-1); {
	case left >= 0 && left%2 == 0:
		return nil, serviceerror.NewNamespaceNotFound("default")
	case left >= 0:
		return nil, serviceerror.NewPermissionDenied("not yet", "")
	}
	return f, nil
}

func (f *forgetful) Get(context.Context, any) error {
	if f.lost.Add(-1) >= 0 {
		return serviceerror.NewNotFound("workflow not found")
	}
	return nil
}

func (f *forgetful) GetID() string { return "forgotten" }
func (f *forgetful) Close()        {}

func TestAnAnswerOfTemporalThatItGivesTooSoon(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		unknown, lost int32
		says          string
		starts        int32
	}{
		"is asked for again": {unknown: 2, lost: 2, starts: 3},
		"counts after a while, if it is about a namespace or a permission": {unknown: 1000, says: "namespace default: "},
		"counts after a while, if it is about a workflow":                  {lost: 1000, says: "workflow not found", starts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := program{
					Folder: t.TempDir(), Address: "temporal.invalid:7233", Queue: "test", Heartbeat: time.Minute, MaxRuns: 1,
					store: history.NewMemoryStore(), locker: locks.NewMemory(),
				}
				launcher, cluster, closeAll, err := p.newLauncher(nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := closeAll(); err != nil {
						t.Error(err)
					}
				}()
				at := new(forgetful)
				at.unknown.Store(test.unknown)
				at.lost.Store(test.lost)
				temporal.Use(cluster, at)
				began := time.Now()
				run, err := launcher.Launch(t.Context(), runs.Request{Selection: "small"})
				if err != nil {
					t.Fatal(err)
				}
				err = run.Wait(t.Context()) // which always fails, since no worker has executed the step
				if err == nil || test.says == "" && strings.Contains(err.Error(), "not found") || !strings.Contains(err.Error(), test.says) {
					t.Errorf("got %v", err)
				}
				if test.starts > 0 && at.starts.Load() != test.starts {
					t.Errorf("the workflow was started %d times", at.starts.Load())
				}
				if took := time.Since(began); took > temporal.DoubtFor+time.Second || test.says != "" && took < temporal.DoubtFor {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
