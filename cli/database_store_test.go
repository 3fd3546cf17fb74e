package cli_test

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

func TestTheHistoryInADatabase(t *testing.T) {
	var server postgrestest.Server
	t.Cleanup(server.Stop)
	url := server.NewDatabase(t)
	other := server.NewDatabase(t)
	home := newHome(t)
	definitions := kept(nothing)
	t.Setenv("FXRUN_STORE", url)
	if got := execute(t, definitions, "run"); got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	if got := execute(t, definitions, "runs"); got.code != 0 || strings.Count(got.out, "succeeded") != 1 {
		t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
	}
	if _, err := os.Stat(home + "/" + sqlite.FileName); err == nil {
		t.Error("the home has a history too")
	}
	if got := execute(t, definitions, "runs", "--store", other); got.code != 0 || strings.Contains(got.out, "succeeded") {
		t.Errorf("the flag does not win: exit code %d\n%s%s", got.code, got.out, got.err)
	}
	if got := execute(t, definitions, "runs", "--store", ""); got.code != 64 || !strings.Contains(got.err, "--store is given but empty") {
		t.Errorf("an empty flag: exit code %d\n%s", got.code, got.err)
	}
	t.Run("of a program that has its own is refused", func(t *testing.T) {
		got := execute(t, []fx.Option{fx.Options(kept(nothing)...), sqlitefx.Module(t.TempDir())}, "runs", "--store", other)
		if got.code != 64 || !strings.Contains(got.err, "--store works only with the built-in history") {
			t.Errorf("exit code %d\n%s", got.code, got.err)
		}
	})
}

func TestADatabaseThatCanNotBeUsed(t *testing.T) {
	newHome(t)
	for address, code := range map[string]int{
		"mysql://me:hunter2@localhost/db":                64,
		"postgres://me:hunter2@localhost:port/db":        64,
		"postgres://me:/hunter2@localhost/db":            64,
		"postgres://me:hunter2@localhost:1/db":           1,
		"postgres://me:hunter2@/db?host=/no/such/folder": 1,
	} {
		for _, args := range [][]string{{"run"}, {"runs"}, {"assets"}, {"logs"}} {
			t.Setenv("FXRUN_STORE", address)
			got := execute(t, kept(nothing), args...)
			if got.code != code || !strings.Contains(got.err, "FXRUN_STORE names: ") || strings.Contains(got.err+got.out, "hunter2") {
				t.Errorf("%s, %q: exit code %d, want %d\n%s", address, args, got.code, code, got.err)
			}
			t.Setenv("FXRUN_STORE", "")
			got = execute(t, kept(nothing), append(args, "--store", address)...)
			if got.code != code || !strings.Contains(got.err, "--store names: ") || strings.Contains(got.err+got.out, "hunter2") {
				t.Errorf("%s, %q with the flag: exit code %d, want %d\n%s", address, args, got.code, code, got.err)
			}
		}
	}
}

// Processes in different homes, as on different machines, find out about each other by
// the locks in their database.
func TestTheLocksAreInTheDatabaseOfTheHistory(t *testing.T) {
	var server postgrestest.Server
	t.Cleanup(server.Stop)
	url := server.NewDatabase(t)
	newHome(t)
	t.Setenv("FXRUN_STORE", url)
	if got := execute(t, kept(nothing), "run"); got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	database, err := postgreslocks.New(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = database.Close() }()
	place, err := database.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.TryLock(t.Context(), "owner/elsewhere/1/living"); err != nil {
		t.Fatal(err)
	}
	store, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for _, name := range []string{"living", "dead"} {
		owner := "elsewhere/1/" + name + "@" + place
		for _, data := range []history.EventData{history.RunQueued{Owner: owner}, history.RunStarting{Owner: owner}} {
			if _, err := store.Append(t.Context(), history.Event{RunID: name, Time: time.Now(), Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("FXRUN_HOME", t.TempDir())
	if out := succeed(t, kept(nothing), "runs"); strings.Count(out, "(lost)") != 1 || strings.Contains(out, "possibly") {
		t.Error(out)
	}
	if got := execute(t, kept(nothing), "run"); got.code != 0 {
		t.Fatalf("exit code %d\n%s", got.code, got.err)
	}
	for id, want := range map[string]history.Status{"living": history.StatusStarting, "dead": history.StatusFailed} {
		if record, err := history.Find(t.Context(), store, id); err != nil || record.Status != want {
			t.Errorf("run %s is %s, %v, want %s", id, record.Status, err, want)
		}
	}
}

// TestASignalWhileTheHistoryIsOpened asks commands to stop that wait for a database which says
// nothing.
func TestASignalWhileTheHistoryIsOpened(t *testing.T) {
	for _, args := range [][]string{{"run"}, {"runs", "work"}, {"serve", "--addr", "127.0.0.1:0"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			newHome(t)
			silent, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = silent.Close() }()
			t.Setenv("FXRUN_STORE", "postgres://me@"+silent.Addr().String()+"/db?sslmode=disable")
			p := start(t, "slow", args...)
			connection, err := silent.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = connection.Close() }()
			p.signal(t, os.Interrupt)
			if out, code := p.rest(t); code != 130 {
				t.Errorf("exit code %d, want 130\n%s%s", code, out, p.err.String())
			}
		})
	}
}
