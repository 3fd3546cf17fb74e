package temporal_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
)

// version is a program of testdata/rolling, with the servers of a stage.
type version struct {
	path string
	env  []string
}

// build builds a version of the program that is deployed: "first" or "second".
func (s *stage) build(tag string) version {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), tag)
	command := exec.CommandContext(s.t.Context(), "go", "build", "-tags", tag, "-o", path, "./testdata/rolling")
	if out, err := command.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return version{path: path, env: append(os.Environ(), "ROLLING_FOLDER="+s.Folder, "ROLLING_DATABASE="+s.Database,
		"FXRUN_TEMPORAL_ADDRESS="+s.Address, "FXRUN_TEMPORAL_TASK_QUEUE="+s.Queue, "FXRUN_TEMPORAL_HEARTBEAT=2s")}
}

// deployed is a process of a version.
type deployed struct {
	*exec.Cmd
	said  *book
	ended chan error // holds how it has ended
}

func (v version) start(t *testing.T, args ...string) deployed {
	t.Helper()
	d := deployed{Cmd: exec.CommandContext(t.Context(), v.path, args...), said: new(book), ended: make(chan error, 1)}
	d.Env, d.Stdout, d.Stderr = v.env, d.said, d.said
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.ended <- d.Wait() }()
	t.Cleanup(func() {
		_ = d.Process.Kill()
		<-d.ended
		if t.Failed() {
			t.Logf("%s %s said:\n%s", filepath.Base(v.path), strings.Join(args, " "), d.said)
		}
	})
	return d
}

// succeeded waits for the end of the process.
func (d deployed) succeeded(t *testing.T) {
	t.Helper()
	select {
	case err := <-d.ended:
		d.ended <- err
		if err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(d.Args[1:], " "), err, d.said)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s does not end:\n%s", strings.Join(d.Args[1:], " "), d.said)
	}
}

// terminate tells the process to end, and waits for it.
func (d deployed) terminate(t *testing.T) {
	t.Helper()
	if err := d.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	d.succeeded(t)
}

// in returns the stage for a subtest.
func (s *stage) in(t *testing.T) *stage {
	own := *s
	own.t = t
	return &own
}

// wantSteps checks which version has executed the steps of a run.
func (s *stage) wantSteps(run string, want ...string) {
	s.t.Helper()
	if got := s.notes(run + " "); !slices.Equal(got, want) {
		s.t.Errorf("the run %s has executed %q, want %q", run, got, want)
	}
}

func TestANewVersionTakesThePlaceOfTheFormerOne(t *testing.T) {
	t.Parallel()
	servers := newStage(t, inDatabase(t))
	first, second := servers.build("first"), servers.build("second")
	t.Run("while runs of the former one end on its workers", func(t *testing.T) {
		s := servers.in(t)
		worker := first.start(t, "worker")
		s.touch("hold begun report")
		begun := first.start(t, "launch", "begun")
		s.awaitNote("begun report", 1)
		next := second.start(t, "worker")
		second.start(t, "launch", "meanwhile").succeeded(t)
		s.wantSteps("meanwhile", "meanwhile orders by second", "meanwhile totals by second", "meanwhile report by second")
		_ = begun.Process.Signal(syscall.SIGTERM) // its run has another owner then
		s.await("another owner of the run", func() bool { return len(eventsOf[history.RunAdopted](s, "begun")) == 1 })
		s.remove("hold begun report")
		s.awaitEnd("begun")
		s.wantSteps("begun", "begun orders by first", "begun report by first")
		worker.terminate(t)
		second.start(t, "launch", "afterwards").succeeded(t)
		s.wantSteps("afterwards", "afterwards orders by second", "afterwards totals by second", "afterwards report by second")
		next.terminate(t)
	})
	t.Run("with a task queue of its own, so that no worker is asked in vain", func(t *testing.T) {
		s, next := servers.in(t), second
		next.env = append(slices.Clone(second.env), "FXRUN_TEMPORAL_TASK_QUEUE=second")
		workers := []deployed{first.start(t, "worker"), next.start(t, "worker")}
		first.start(t, "launch", "old").succeeded(t) // one after the other, since both store the same asset
		next.start(t, "launch", "new").succeeded(t)
		for _, worker := range workers {
			worker.terminate(t)
			if said := worker.said.String(); strings.Contains(said, "refused") {
				t.Errorf("a worker was asked in vain:\n%s", said)
			}
		}
		s.wantSteps("old", "old orders by first", "old report by first")
		s.wantSteps("new", "new orders by second", "new totals by second", "new report by second")
	})
	t.Run("and a run that has no worker of its version left fails and says so", func(t *testing.T) {
		s := servers.in(t)
		worker := first.start(t, "worker")
		second.start(t, "worker")
		s.touch("hold left report")
		launched := first.start(t, "launch", "left")
		s.awaitNote("left report", 1)
		_ = worker.Process.Kill()
		record := s.awaitEnd("left")
		<-launched.ended
		launched.ended <- nil
		if want := "the definitions of this program differ from those of the program that launched the run"; record.Status != history.StatusFailed ||
			!strings.Contains(record.Error.Message, want) {
			t.Errorf("the run is %s: %s", record.Status, record.Error.Message)
		}
		s.wantSteps("left", "left orders by first", "left report by first")
	})
}
