package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
)

func TestStationByConstruction(t *testing.T) {
	station := NewStation(StationConfig{User: "ada", Unit: "C"})
	if text, err := station.Read(t.Context(), "Bern"); err != nil || text != "Bern: 21 C, asked by ada" {
		t.Error(text, err)
	}
	bucket := NewBucket(BucketConfig{Region: "eu-1"}, NewAccount(AccountConfig{User: "ada"}))
	if bucket.account.User != "ada" {
		t.Error(bucket.account)
	}
}

// Scratch is a folder that exists during one run. Its name has the ID of the run.
type Scratch struct{ Folder string }

func NewScratch(lc fx.Lifecycle, run container.RunInfo) *Scratch {
	s := &Scratch{filepath.Join(os.TempDir(), "scratch-"+run.ID)}
	lc.Append(fx.StartStopHook(
		func() error { return os.Mkdir(s.Folder, 0o700) },
		func() error { return os.RemoveAll(s.Folder) },
	))
	return s
}

func TestScratchStarted(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	scratch := containertest.Start[*Scratch](t,
		container.Provide("scratch", NewScratch),
		container.Info(container.RunInfo{ID: "r1"}),
	) // stopped when the test ends
	if filepath.Base(scratch.Folder) != "scratch-r1" {
		t.Error(scratch.Folder)
	}
	if _, err := os.Stat(scratch.Folder); err != nil {
		t.Error(err)
	}
}

func TestBucketWithTheEnvironment(t *testing.T) {
	t.Setenv("WEATHER_USER", "ada")
	t.Setenv("WEATHER_PASSWORD", "hunter2")
	got := containertest.Start[*Bucket](t, bucket, account)
	if got.account.Password.Reveal() != "hunter2" || got.account.Retries != 3 {
		t.Error(got.account)
	}
}

func TestSessionOfAnotherAccount(t *testing.T) {
	session := containertest.Start[*Session](t, account, container.Provide("session", NewSession),
		fx.Replace(&Account{AccountConfig{User: "grace"}})) // NewAccount is not called, and no variable is read
	if session.token != "token of grace" {
		t.Error(session.token)
	}
}
