package postgres_test

import (
	"context"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// smallDisk is a disk of a few megabytes that holds the tables of a history.
type smallDisk struct{ folder string }

// newSmallDisk mounts a disk, and returns it with the address of a database whose tables are on
// it. Only root can mount one.
func newSmallDisk(t *testing.T) (smallDisk, string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	address := server.NewDatabase(t)
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.Stat(filepath.Join(parsed.Query().Get("host"), "data"))
	if err != nil {
		t.Fatal(err)
	}
	owner := data.Sys().(*syscall.Stat_t)
	disk := smallDisk{t.TempDir()}
	if err := os.Chmod(filepath.Dir(disk.folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk.folder, "tmpfs", 0, "size=4m,mode=755"); err != nil {
		t.Skipf("a small disk can't be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk.folder, syscall.MNT_DETACH) })
	space := filepath.Join(disk.folder, "space")
	if err := os.Mkdir(space, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(space, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	name := "small" + strings.TrimPrefix(parsed.Path, "/")
	alter(t, address, "CREATE TABLESPACE "+name+" LOCATION '"+space+"'")
	t.Cleanup(func() {
		alter(t, address, "DROP SCHEMA fxrun CASCADE")
		alter(t, address, "DROP TABLESPACE "+name)
	})
	return disk, address + "&default_tablespace=" + name
}

// fill takes all the space that is left, and returns what gives it back.
func (d smallDisk) fill(t *testing.T) (free func()) {
	t.Helper()
	file := filepath.Join(d.folder, "filler")
	_ = os.WriteFile(file, make([]byte, 16<<20), 0o600) // as much of it as fits
	return func() {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

func TestAFullDiskThatIsFreedInTime(t *testing.T) {
	t.Parallel()
	disk, address := newSmallDisk(t)
	store := openWithin(t, address, 30*time.Second, 10*time.Second)
	writers := startWriters(t, store, 3)
	writers.reach(t, 20)
	free := disk.fill(t)
	stuck := writers.acknowledged.Load()
	for still := 0; still < 5; { // until nobody is acknowledged any more
		time.Sleep(50 * time.Millisecond)
		if now := writers.acknowledged.Load(); now == stuck {
			still++
		} else {
			stuck, still = now, 0
		}
	}
	if _, err := store.Runs(t.Context(), history.RunQuery{}); err != nil {
		t.Errorf("reading while the disk is full: %v", err)
	}
	free()
	writers.reach(t, 20)
	writers.finish(t)
}

func TestACallThatTheDiskHasNoSpaceForLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	_, address := newSmallDisk(t)
	store := openWithin(t, address, 2*time.Second, 10*time.Second)
	if _, err := store.Append(t.Context(), queued("r1"), queued("r2")); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 8<<20)
	for i := range text {
		text[i] = 'a' + byte(rand.IntN(26)) // which the server cannot compress much
	}
	large := store.Enqueue(t.Context(), logged("r2", string(text)))
	small := store.Enqueue(t.Context(), logged("r1", "x")) // in the same transaction
	if _, err := large(); err == nil {
		t.Error("8 MB were stored on a disk of 4 MB")
	}
	if _, err := small(); err != nil {
		t.Errorf("got %.200v", err)
	}
}

func TestARunOnADiskThatStaysFull(t *testing.T) {
	t.Parallel()
	disk, address := newSmallDisk(t)
	store := openWithin(t, address, 300*time.Millisecond, 10*time.Second)
	c, err := container.New(iomanagers.Memory("io_manager"))
	if err != nil {
		t.Fatal(err)
	}
	free := func() {}
	ended := make(chan error, 1)
	graph, err := assets.NewGraph(c, assets.New("chatty", func(ctx context.Context, step *assets.Context) error {
		free = disk.fill(t)
		line := strings.Repeat("x", 2000)
		for ctx.Err() == nil {
			step.Logger().Info(line)
		}
		ended <- context.Cause(ctx)
		free()
		return context.Cause(ctx)
	}))
	if err != nil {
		t.Fatal(err)
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	err = run.Wait(t.Context())
	if cause := <-ended; err == nil || !strings.Contains(cause.Error(), "waiting ") {
		t.Errorf("the step was ended by %v, and the run by %v", cause, err)
	}
	record, finding := history.Find(t.Context(), store, run.ID())
	if finding != nil || record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, "recording log_written") {
		t.Errorf("the history says %s, %s, %v", record.Status, record.Error.Message, finding)
	}
	historytest.CheckRun(t, store, run.ID(), record.Seq)
	if err := launcher.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
