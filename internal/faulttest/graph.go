//go:build linux

package faulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs/processes"
)

// content is what each value holds. The checker knows it by its JSON only.
type content struct {
	Run, Key string
	Attempt  int
	Size     int
	Fill     string
}

// The values of assets and of ops have types of their own, which are the edges of the graph.
type (
	v0 content
	v1 content
	v2 content
	v3 content
	v4 content
	v5 content
	o0 content
	o1 content
	o2 content
)

var (
	assetTypes = []reflect.Type{
		reflect.TypeFor[v0](), reflect.TypeFor[v1](), reflect.TypeFor[v2](),
		reflect.TypeFor[v3](), reflect.TypeFor[v4](), reflect.TypeFor[v5](),
	}
	opTypes       = []reflect.Type{reflect.TypeFor[o0](), reflect.TypeFor[o1](), reflect.TypeFor[o2]()}
	resourceTypes = []reflect.Type{reflect.TypeFor[*ofRun](), reflect.TypeFor[*ofStep](), reflect.TypeFor[*ofProcess]()}
)

type (
	ofRun     struct{}
	ofStep    struct{}
	ofProcess struct{}
)

// folders of a home, beside the history.
func valuesOf(home string) string  { return filepath.Join(home, "values") }
func markersOf(home string) string { return filepath.Join(home, "markers") }
func ledgerOf(home string) string  { return filepath.Join(home, "ledger") }

// Resources are those of [Definitions], and the IO manager of their values, which are files of
// the home. A resource writes a marker file when it starts, and removes it when it stops.
func Resources(home string, values iomanagers.FilesConfig) []container.Definition {
	values.Root = valuesOf(home)
	return []container.Definition{
		iomanagers.Files(assets.DefaultIO, values, slow{iomanagers.JSON()}),
		container.Provide("of-run", func(lc fx.Lifecycle, info container.RunInfo) *ofRun {
			marks(lc, home, "of-run", info)
			return &ofRun{}
		}),
		container.Provide("of-step", func(lc fx.Lifecycle, info container.RunInfo) *ofStep {
			marks(lc, home, "of-step", info)
			return &ofStep{}
		}, container.PerStep()),
		container.Provide("of-process", func(lc fx.Lifecycle, info container.RunInfo) *ofProcess {
			marks(lc, home, "of-process", info)
			return &ofProcess{}
		}, container.PerProcess()),
	}
}

func marks(lc fx.Lifecycle, home, key string, info container.RunInfo) {
	parts := []string{key, info.ID, url.PathEscape(info.Step), fmt.Sprint(os.Getpid()), fmt.Sprint(rand.Uint64())}
	file := filepath.Join(markersOf(home), strings.Join(parts, "~"))
	lc.Append(fx.StartStopHook(
		func() error {
			err := makeEmpty(file)
			time.Sleep(rand.N(10 * time.Millisecond)) // the moments in which a fault may come
			return err
		},
		func() error {
			time.Sleep(rand.N(10 * time.Millisecond))
			return os.Remove(file)
		}))
}

// makeEmpty makes a file that is not there. A full disk has space for an empty file, so what the
// suite itself keeps is in names of files.
func makeEmpty(name string) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// Definitions are a random graph: the same one for the same seed. parent is the number of the
// process that has started this one.
func Definitions(home string, parent int, seed uint64) []assets.Definition {
	random := rand.New(rand.NewPCG(seed, 0))
	list := []assets.Definition{assets.New("settling", func() error { return nil })}
	for i := range 2 + random.IntN(len(assetTypes)-1) {
		key := fmt.Sprintf("a%d", i)
		if random.IntN(3) == 0 {
			key = "part/" + key
		}
		list = append(list, assets.New(key, function(random, home, parent, assetTypes, i), options(random)...))
	}
	parts := []assets.JobPart{
		assets.OnCrash(assets.CrashResume),
		assets.RetryRun(1, func(int) time.Duration { return 20 * time.Millisecond }),
	}
	for i := range 1 + random.IntN(len(opTypes)) {
		parts = append(parts, assets.NewOp(fmt.Sprintf("o%d", i), function(random, home, parent, opTypes, i), options(random)...))
	}
	return append(list, assets.NewJob("nightly", parts...))
}

func options(random *rand.Rand) []assets.Option {
	var given []assets.Option
	if random.IntN(2) == 0 {
		given = append(given, assets.Retry(1+random.IntN(2), func(int) time.Duration { return 5 * time.Millisecond }))
	}
	if random.IntN(4) == 0 {
		given = append(given, assets.Pool("warehouse"))
	}
	return given
}

// function returns a function of a random signature: it takes resources, and the values of
// random earlier types, and returns a value of the type with the number.
func function(random *rand.Rand, home string, parent int, types []reflect.Type, number int) any {
	in := []reflect.Type{reflect.TypeFor[context.Context](), reflect.TypeFor[*assets.Context]()}
	for _, resource := range resourceTypes {
		if random.IntN(2) == 0 {
			in = append(in, resource)
		}
	}
	for _, earlier := range types[:number] {
		if random.IntN(2) == 0 {
			in = append(in, earlier)
		}
	}
	out := []reflect.Type{types[number], reflect.TypeFor[error]()}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		value, err := compute(args[0].Interface().(context.Context), args[1].Interface().(*assets.Context), home, parent)
		result := reflect.Zero(out[1])
		if err != nil {
			result = reflect.ValueOf(&err).Elem()
		}
		return []reflect.Value{reflect.ValueOf(value).Convert(types[number]), result}
	}).Interface()
}

// compute is the work of every step. It says in the ledger when it begins and ends.
func compute(ctx context.Context, step *assets.Context, home string, parent int) (content, error) {
	about := fmt.Sprintf("%s %s %d", step.Run().ID, step.Key(), step.Attempt())
	if err := note(home, "begin", about); err != nil {
		return content{}, err
	}
	for range rand.IntN(3) {
		step.Logger().Info("working")
		step.Progress(1, 2)
		select {
		case <-ctx.Done():
			return content{}, context.Cause(ctx)
		case <-time.After(rand.N(30 * time.Millisecond)):
		}
	}
	select { // and tell nothing, by which a process notices that nobody listens any more
	case <-ctx.Done():
	case <-time.After(rand.N(40 * time.Millisecond)):
	}
	if processes.Asked() && os.Getppid() != parent { // only an end of the context may end an orphan
		select {
		case <-ctx.Done():
			return content{}, context.Cause(ctx)
		case <-time.After(time.Minute):
		}
	}
	if rand.IntN(8) == 0 {
		return content{}, errors.New("the step fails by chance")
	}
	size := 1 + rand.IntN(100_000)
	return content{step.Run().ID, step.Key(), step.Attempt(), size, strings.Repeat("x", size)}, note(home, "end", about)
}

// note says in the ledger, which is a folder of empty files, what the work of a step has come to.
func note(home, what, about string) error {
	return makeEmpty(filepath.Join(ledgerOf(home), strings.Join([]string{what, url.PathEscape(about), fmt.Sprint(rand.Uint64())}, "~")))
}
