package container_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// readings counts how often a text was decoded and how often a config that
// holds it was validated.
type readings struct {
	mu     sync.Mutex
	counts map[string]int
}

func (r *readings) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = make(map[string]int)
	}
	r.counts[fmt.Sprintf(format, args...)]++
}

func (r *readings) take() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := maps.Clone(r.counts)
	r.counts = nil
	return counts
}

// reads is used by one test at a time: envconfig makes the value that decodes.
var reads readings

// decodedText is read from the environment by envconfig's own interface.
type decodedText string

func (t *decodedText) Decode(text string) error {
	reads.note("decode %s", text)
	*t = decodedText(text)
	return nil
}

// readConfig counts how often it is read and validated.
type readConfig struct {
	Text decodedText `required:"true"`
	List []string    `default:"a,b"`
}

func (c readConfig) Validate() error {
	reads.note("validate %s", c.Text)
	return nil
}

type (
	shared  readConfig
	perRun  readConfig
	perStep readConfig
)

// reading makes a resource of each lifetime, with a config from the
// environment.
func reading(t testing.TB) *container.Container {
	t.Helper()
	return newContainer(t,
		container.Provide("process", func(c readConfig) *shared { return (*shared)(&c) },
			container.PerProcess(), container.Config(readConfig{}, container.FromEnv("READ_PROCESS"))),
		container.Provide("run", func(c readConfig, _ *shared) *perRun { return (*perRun)(&c) },
			container.Config(readConfig{}, container.FromEnv("READ_RUN"))),
		container.Provide("step", func(c readConfig, _ *perRun) *perStep { return (*perStep)(&c) },
			container.PerStep(), container.Config(readConfig{}, container.FromEnv("READ_STEP"))))
}

func setReadings(t *testing.T, suffix string) {
	t.Helper()
	for _, name := range []string{"process", "run", "step", "config"} {
		t.Setenv("READ_"+strings.ToUpper(name)+"_TEXT", name+suffix)
	}
}

func TestPreparingReadsOnceWhatIsOpened(t *testing.T) {
	for name, opts := range map[string][]fx.Option{"": nil, "with fx options": {fx.Supply(uint8(1))}} {
		t.Run(name, func(t *testing.T) {
			c := reading(t)
			defer func() {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			}()
			target, err := c.Target("asset a", func(readConfig, *perStep, *perRun, *shared) {},
				container.StepConfig("a", readConfig{}, container.FromEnv("READ_CONFIG")))
			if err != nil {
				t.Fatal(err)
			}
			setReadings(t, "-checked")
			reads.take()
			prepared, err := c.Prepare(append(opts, container.NeedsLater(target))...)
			if err != nil {
				t.Fatal(err)
			}
			setReadings(t, "-changed")
			preview := prepared.Preview()
			if len(preview.Resources) != 3 || len(preview.Steps) != 1 {
				t.Errorf("the preview is %+v", preview)
			}
			for _, resource := range preview.Resources {
				if resource.Config[0].Value != resource.Key+"-checked" || resource.Config[0].Source != container.SourceEnv {
					t.Errorf("the preview shows %+v", resource.Config[0])
				}
			}
			if _, err := prepared.LaunchJSON(); err != nil {
				t.Error(err)
			}
			child, err := prepared.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer closeChild(t, child)
			for range 2 {
				nested, err := child.NewChild(t.Context(), container.Needs(target))
				if err != nil {
					t.Fatal(err)
				}
				arguments := container.Arguments(nested, target)
				got := []decodedText{
					arguments[0].(readConfig).Text, arguments[1].(*perStep).Text,
					arguments[2].(*perRun).Text, arguments[3].(*shared).Text,
				}
				if diff := cmp.Diff([]decodedText{"config-checked", "step-checked", "run-checked", "process-checked"}, got); diff != "" {
					t.Error(diff)
				}
				list := arguments[1].(*perStep).List
				if list[0] != "a" {
					t.Error("nested children share the values of a config")
				}
				list[0] = "changed"
				closeChild(t, nested)
			}
			want := make(map[string]int)
			for _, name := range []string{"process", "run", "step", "config"} {
				want["decode "+name+"-checked"], want["validate "+name+"-checked"] = 1, 1
			}
			if diff := cmp.Diff(want, reads.take()); diff != "" {
				t.Errorf("readings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatRunsKeepsItsConfig(t *testing.T) {
	c := reading(t)
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	setReadings(t, "-first")
	early, err := c.Prepare(container.NeedsResources("process"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Invoke(t.Context(), func(*shared) {}); err != nil {
		t.Fatal(err)
	}
	setReadings(t, "-second")
	reads.take()
	late, err := c.Prepare(container.NeedsResources("run"))
	if err != nil {
		t.Fatal(err)
	}
	resources := late.Preview().Resources
	if len(resources) != 2 || resources[0].Config[0].Value != "process-first" || resources[1].Config[0].Value != "run-second" {
		t.Errorf("the preview is %+v", resources)
	}
	for _, prepared := range []*container.Prepared{early, late} {
		child, err := prepared.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		closeChild(t, child)
	}
	if diff := cmp.Diff(map[string]int{"decode run-second": 1, "validate run-second": 1}, reads.take()); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}

func TestNestedChildReadsOnlyWhatItsParentDidNot(t *testing.T) {
	c := reading(t)
	defer func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	setReadings(t, "")
	known, err := c.Target("known", func(*perStep) {})
	if err != nil {
		t.Fatal(err)
	}
	child := newChild(t, c, container.NeedsLater(known))
	defer closeChild(t, child)
	bare := newChild(t, c, container.NeedsResources("run"))
	defer closeChild(t, bare)
	reads.take()
	for name, test := range map[string]struct {
		parent *container.Child
		opts   []fx.Option
		want   string
		read   map[string]int
	}{
		"known":         {child, nil, "step", nil},
		"another value": {child, []fx.Option{launch("step", container.Fields{"text": "given"})}, "given", map[string]int{"decode given": 2, "validate given": 1}},
		"another field": {child, []fx.Option{launch("step", container.Fields{"list": []string{"c"}})}, "step", map[string]int{"decode step": 1, "validate step": 1}},
		"not known":     {bare, nil, "step", map[string]int{"decode step": 1, "validate step": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			nested, err := test.parent.NewChild(t.Context(), append(test.opts, container.Needs(known))...)
			if err != nil {
				t.Fatal(err)
			}
			defer closeChild(t, nested)
			if got := container.Arguments(nested, known)[0].(*perStep).Text; string(got) != test.want {
				t.Errorf("got %s", got)
			}
			if diff := cmp.Diff(test.read, reads.take()); diff != "" {
				t.Errorf("readings (-want +got):\n%s", diff)
			}
		})
	}
	_, err = child.NewChild(t.Context(), container.Needs(known), launch("stpe", container.Fields{}))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `did you mean "step"?`) {
		t.Errorf("got %v", err)
	}
}

func TestOpeningTakesOnlyWhatDiffersFromChildToChild(t *testing.T) {
	t.Parallel()
	var infos []container.RunInfo
	var out strings.Builder
	c := newContainer(t, container.Provide("it", func(info container.RunInfo, logger *slog.Logger) *resA {
		infos = append(infos, info)
		logger.Info("made")
		return new(resA)
	}))
	prepared, err := c.Prepare(container.NeedsResources("it"))
	if err != nil {
		t.Fatal(err)
	}
	for name, option := range map[string]container.ChildOption{
		"Needs": container.Needs(), "NeedsLater": container.NeedsLater(), "NeedsResources": container.NeedsResources("it"),
		"Populate": container.Populate(), "Launch": container.Launch(container.RunConfig{}), "Steps": container.Steps(),
		"MaxStarts": container.MaxStarts(1), "AllowStopErrors": container.AllowStopErrors(),
	} {
		_, err := prepared.Open(t.Context(), option)
		want := "opening a prepared child container: container." + name + ": give it to Container.Prepare"
		if !errors.Is(err, container.ErrInvalid) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	events := 0
	for _, id := range []string{"one", "two"} {
		child, err := prepared.Open(t.Context(), container.ChildOption{}, container.Info(container.RunInfo{ID: id}),
			container.Logger(slog.New(slog.NewTextHandler(&out, nil))), container.Observe(func(container.Event) { events++ }))
		if err != nil {
			t.Fatal(err)
		}
		closeChild(t, child)
	}
	if len(infos) != 2 || infos[0].ID != "one" || infos[1].ID != "two" || strings.Count(out.String(), "msg=made") != 2 || events != 8 {
		t.Errorf("got %+v, %s, %d events", infos, &out, events)
	}
}

func TestFaultyPreparationShowsWhatItCanAndOpensNothing(t *testing.T) {
	t.Parallel()
	c := newContainer(t, new(journal).graph()...)
	prepared, err := c.Prepare(container.NeedsResources("database"), launch("database", container.Fields{"tabel": "x"}))
	if !errors.Is(err, container.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	if preview := prepared.Preview(); len(preview.Resources) != 1 || preview.Resources[0].Key != "database" {
		t.Errorf("the preview is %+v", preview)
	}
	if _, again := prepared.LaunchJSON(); !errors.Is(again, err) {
		t.Errorf("got %v", again)
	}
	if child, again := prepared.Open(t.Context()); child != nil || !errors.Is(again, err) {
		t.Errorf("got %v", again)
	}
}
