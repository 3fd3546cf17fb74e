package postgreslocks_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/lockstest"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

const urlVariable, nameVariable = "FXRUN_TEST_LOCKS", "FXRUN_TEST_LOCK"

var server postgrestest.Server

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}

func open(t *testing.T, url string) *postgreslocks.Database {
	t.Helper()
	database, err := postgreslocks.New(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	return database
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	lockstest.Run(t, func(t *testing.T) lockstest.Subject {
		url := server.Database(t)
		return lockstest.Subject{
			Open: func(t *testing.T) locks.Locker { return open(t, url) },
			Process: func(t *testing.T, name string) *exec.Cmd {
				command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHoldingProcess$")
				command.Env = append(os.Environ(), urlVariable+"="+url, nameVariable+"="+name)
				return command
			},
		}
	})
}

// TestHoldingProcess is the process that the suite kills.
func TestHoldingProcess(t *testing.T) {
	url := os.Getenv(urlVariable)
	if url == "" {
		t.Skip("only to be run by TestDatabase")
	}
	if _, err := open(t, url).TryLock(t.Context(), os.Getenv(nameVariable)); err != nil {
		t.Fatal(err)
	}
	ended, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	fmt.Println("held")
	<-ended.Done() // never: the process is killed
}

func TestALostSessionIsNoticed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		begin, end func(*postgrestest.Server, testing.TB)
	}{
		"when the server is killed":       {(*postgrestest.Server).Kill, (*postgrestest.Server).Start},
		"when the server does not answer": {(*postgrestest.Server).Freeze, (*postgrestest.Server).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var own postgrestest.Server
			t.Cleanup(own.Stop)
			url := own.NewDatabase(t)
			database, err := postgreslocks.New(url)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = database.Close() }()
			var taken [2]locks.Lock
			for i := range taken {
				if taken[i], err = database.TryLock(t.Context(), fmt.Sprint(i)); err != nil {
					t.Fatal(err)
				}
			}
			fault.begin(&own, t)
			for _, lock := range taken {
				<-lock.Lost()
			}
			fault.end(&own, t)
			again, err := locks.Wait(t.Context(), database, "0")
			if err != nil {
				t.Fatalf("taking the lock again: %v", err)
			}
			for _, lock := range taken { // which must not release what was taken again
				if err := lock.Unlock(); err != nil {
					t.Error(err)
				}
			}
			if held, err := database.Held(t.Context(), "0"); !held || err != nil {
				t.Errorf("Held = %v, %v", held, err)
			}
			select {
			case <-again.Lost():
				t.Error("the new lock is lost")
			default:
			}
		})
	}
}

func TestAServerThatIsSilentWhileASessionIsMade(t *testing.T) {
	t.Parallel()
	address := server.Database(t)
	var group sync.WaitGroup
	busy := make(chan struct{}, 10) // more at a time would be too slow for the server
	for messages := range 60 {      // more than the making takes
		var p postgrestest.FailingProxy
		database := open(t, postgrestest.StartProxy(t, address, p.Serve))
		p.FailAfter(messages)
		group.Go(func() {
			busy <- struct{}{}
			defer func() { <-busy }()
			lock, err := database.TryLock(t.Context(), fmt.Sprint(messages))
			if silent := p.FailAfter() == 1; silent == (err == nil) {
				t.Errorf("after %d messages the server was silent: %v, and the error is %v", messages, silent, err)
			}
			if err != nil {
				lock, err = database.TryLock(t.Context(), fmt.Sprint(messages))
			}
			if err != nil {
				t.Errorf("after %d messages, and a second attempt: %v", messages, err)
				return
			}
			if err := lock.Unlock(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestNoErrorShowsThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"postgres://me:hunter2@localhost:port/db", "postgres://me:hunter2@localhost:1/db", "postgres://me:hunter2/x@localhost/db", "postgres://me:/hunter2@localhost/db", "postgres://me:1?hunter2@localhost/db"} {
		database, err := postgreslocks.New(url)
		if err == nil {
			_, err = database.TryLock(t.Context(), "a")
			_ = database.Close()
		}
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestClosedLocksAreReleased(t *testing.T) {
	t.Parallel()
	url := server.Database(t)
	first := open(t, url)
	if _, err := first.TryLock(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := locks.Wait(t.Context(), open(t, url), "a"); err != nil {
		t.Error(err)
	}
	if _, err := first.TryLock(t.Context(), "b"); err == nil {
		t.Error("closed locks give a lock")
	}
}
