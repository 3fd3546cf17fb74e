package runs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// leaving is a value whose encoding ends the goroutine.
type leaving struct{}

func (leaving) MarshalJSON() ([]byte, error) { runtime.Goexit(); return nil, nil }

// unstoppable is a resource that lives per step and fails to stop.
func unstoppable(fail func() error) container.Definition {
	return container.Provide("transaction", func(lc fx.Lifecycle) *transaction {
		lc.Append(fx.StopHook(fail))
		return &transaction{}
	}, container.PerStep())
}

// partly is an IO manager that refuses one of the values.
type partly struct{ iomanagers.IOManager }

func (p partly) Store(ctx context.Context, out iomanagers.Output, value any) error {
	if out.Asset == "right" {
		return errBoom
	}
	return p.IOManager.Store(ctx, out, value)
}

type both struct {
	fx.Out
	Left  left  `name:"left"`
	Right right `name:"right"`
}

// What the history says of values agrees with what is stored.
func TestHistoryAgreesWithTheStorage(t *testing.T) {
	t.Parallel()
	fail := func() error { return errBoom }
	perStep := container.Provide("per_step", func(*transaction) iomanagers.IOManager { return iomanagers.NewMemory() }, container.PerStep())
	for name, test := range map[string]struct {
		resources []container.Definition
		list      []assets.Definition
		io        func(iomanagers.IOManager) iomanagers.IOManager
		want      []string
	}{
		"a resource of the step fails to stop after its value was stored": {
			resources: append(memory(), unstoppable(fail)),
			list:      []assets.Definition{assets.New("left", func(*transaction) left { return 1 })},
			want:      []string{"left started, attempt 1", "left materialized by left <nil>", "left failed, attempt 1: stopping resource transaction: boom"},
		},
		"a resource of the step panics as it stops": {
			resources: append(memory(), unstoppable(func() error { panic("ouch") })),
			list:      []assets.Definition{assets.New("left", func(*transaction) left { return 1 })},
			want:      []string{"left started, attempt 1", "left materialized by left <nil>", "left failed"},
		},
		"the commit of an IO manager that lives per step fails": {
			resources: append(memory(), unstoppable(fail), perStep),
			list:      []assets.Definition{assets.New("left", func() left { return 1 }, assets.IO("per_step"))},
			want:      []string{"left started, attempt 1", "left failed, attempt 1: stopping resource transaction: boom"},
		},
		"a function that stores its data itself by a resource that fails to commit": {
			resources: append(memory(), unstoppable(fail)),
			list:      []assets.Definition{assets.New("left", func(*transaction) error { return nil })},
			want:      []string{"left started, attempt 1", "left failed, attempt 1: stopping resource transaction: boom"},
		},
		"the encoding of metadata ends the goroutine": {
			resources: memory(),
			list:      []assets.Definition{assets.New("left", func(step *assets.Context) left { step.AddMetadata("bad", leaving{}); return 1 })},
			want: []string{
				"left started, attempt 1", "left materialized by left ending the goroutine while encoding a runs_test.leaving", "left succeeded",
			},
		},
		"the second of two values is refused": {
			resources: memory(),
			list:      []assets.Definition{assets.New("left", func() both { return both{Left: 1, Right: 2} })},
			io:        func(next iomanagers.IOManager) iomanagers.IOManager { return partly{next} },
			want:      []string{"left started, attempt 1", "left materialized by left <nil>", "left failed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := runs.LauncherConfig{}
			if test.io != nil {
				config.IO = test.io(iomanagers.NewMemory())
			}
			launcher := newLauncher(t, config, test.resources, test.list...)
			record, err := run(t, launcher, runs.Request{Selection: "*"})
			stored, listed := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID})
			if listed != nil {
				t.Fatal(listed)
			}
			var got []string
			for _, event := range stored {
				switch data := event.Data.(type) {
				case history.StepStarted:
					got = append(got, fmt.Sprintf("%s started, attempt %d", "left", data.Attempt))
				case history.AssetMaterialized:
					got = append(got, fmt.Sprintf("%s materialized by left %v", data.Asset, data.Metadata["bad"]))
				case history.StepFailed:
					line := fmt.Sprintf("left failed, attempt %d: %s", data.Attempt, data.Error.Message)
					if want := test.want[len(test.want)-1]; want == "left failed" {
						line = want
					}
					got = append(got, line)
				case history.StepSucceeded:
					got = append(got, "left succeeded")
				default:
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if config.IO == nil && len(test.want) == 3 {
				if value, err := runs.Value[left](t.Context(), launcher, "left"); err != nil || value != 1 {
					t.Errorf("stored is %v, %v", value, err)
				}
			}
		})
	}
}

func TestStopFaultOfACancelledStepIsTold(t *testing.T) {
	t.Parallel()
	handles := make(chan *runs.Run, 1)
	launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(), unstoppable(func() error {
		(<-handles).Cancel("enough")
		return errBoom
	})), assets.New("left", func(*transaction) left { return 1 }))
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	handles <- handle
	if err := handle.Wait(t.Context()); !errors.Is(err, errBoom) || !errors.Is(err, runs.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	want := []string{"left started, attempt 1", "left materialized by left <nil>", "left failed, attempt 1: stopping resource transaction: boom"}
	if diff := cmp.Diff(want, events(t, launcher, handle.ID())); diff != "" {
		t.Error(diff)
	}
}
