package runs_test

import (
	"context"
	"iter"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// limited tells the test binary, started by itself, that it may limit the size
// of files: a write beyond it fails as on a full disk.
const limited = "RUNS_LIMIT_FILES"

type noted struct {
	ID   int
	Note string
}

// notes gives n rows in batches, the last with a note of its own.
func notes(n int, last func() (string, error)) iter.Seq2[[]noted, error] {
	const size = 1000
	return func(yield func([]noted, error) bool) {
		batch := make([]noted, 0, size)
		for i := range n {
			row := noted{ID: i, Note: "a row of the stream"}
			if i == n-1 {
				text, err := last()
				if err != nil {
					yield(nil, err)
					return
				}
				row.Note = text
			}
			if batch = append(batch, row); len(batch) == size || i == n-1 {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
		}
	}
}

// TestFaultsInALongStream fails a step whose stream is being stored, in every
// way there is, far behind its beginning: what was stored before is still there,
// what needs it is skipped, what doesn't is done.
func TestFaultsInALongStream(t *testing.T) {
	if os.Getenv(limited) == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaultsInALongStream$")
		command.Env = append(os.Environ(), limited+"=1")
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	const many = 1_000_000
	var count int
	var last func() (string, error)
	var cancel func()
	resources := new(recorded)
	launcher := newLauncher(t, runs.LauncherConfig{}, append(resources.resources()[1:],
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir()})),
		assets.New("rows", func(ctx context.Context, _ *cache) iter.Seq2[[]noted, error] {
			return notes(count, func() (string, error) { return last() })
		}, assets.Format("csv"), assets.Timeout(time.Minute)),
		assets.New("count", func(rows iter.Seq2[[]noted, error]) (n left, err error) {
			for batch, err := range rows {
				if err != nil {
					return 0, err
				}
				n += left(len(batch))
			}
			return n, nil
		}),
		assets.New("aside", func() aside { return 7 }))
	count, last = 10, func() (string, error) { return "fine", nil }
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Fatal(err)
	}
	resources.lines = nil

	for _, test := range []struct {
		name   string
		last   func() (string, error)
		limit  bool
		status history.Status
		want   string
	}{
		{name: "a value that the codec can't write", last: func() (string, error) { return "\xff", nil }, status: "failed", want: "row 999999"},
		{name: "an error", last: func() (string, error) { return "", errBoom }, status: "failed", want: "boom"},
		{name: "a panic", last: func() (string, error) { panic("ouch") }, status: "failed", want: "panic: ouch"},
		{name: "a cancelled run", last: func() (string, error) { cancel(); return "fine", nil }, status: "cancelled", want: "cancelled"},
		{name: "a full disk", last: func() (string, error) { return "fine", nil }, limit: true, status: "failed", want: syscall.EFBIG.Error()},
	} {
		count, last = many, test.last
		if test.limit {
			signal.Ignore(syscall.SIGXFSZ)
			if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4 << 20, Max: 4 << 20}); err != nil {
				t.Fatal(err)
			}
		}
		handles := make(chan *runs.Run, 1)
		cancel = func() { (<-handles).Cancel("enough") }
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		handles <- handle
		err = handle.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		record, err := history.Find(t.Context(), launcher.Store(), handle.ID())
		if err != nil {
			t.Fatal(err)
		}
		steps := statuses(record)
		if record.Status != test.status || steps["rows"] != history.StepStatus(test.status) || steps["aside"] != history.StepStatusSucceeded {
			t.Errorf("%s: the run is %s, its steps %v", test.name, record.Status, steps)
		}
		if step, _ := record.Step("count"); test.status == history.StatusFailed && step.Because != "upstream rows did not succeed" {
			t.Errorf("%s: count was %s because %q", test.name, step.Status, step.Because)
		}
		if rows, err := runs.Value[[]noted](t.Context(), launcher, "rows"); err != nil || len(rows) != 10 || rows[9].Note != "fine" {
			t.Errorf("%s: there are now %d rows, %v", test.name, len(rows), err)
		}
		if diff := cmp.Diff([]string{"start database", "start cache", "stop cache", "stop database"}, resources.all()); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		resources.lines = nil
	}
}
