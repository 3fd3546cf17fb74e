//go:build linux

package faulttest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fxrun/fxrun/internal/faulttest"
)

// fillDisk fills the disk of the home, for a while. Sometimes it stays full while other faults
// come.
func (c *crowd) fillDisk(t *testing.T, random *rand.Rand) {
	t.Helper()
	c.historyFailed = true
	if c.disk == nil {
		c.limitAll(t, random)
		return
	}
	if !c.disk.full {
		c.told.Filled++
	}
	free := int64(random.IntN(2)) * random.Int64N(300_000)
	c.disk.fill(t, free)
	t.Logf("the disk has %d bytes left", free)
	time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
	if random.IntN(2) == 0 {
		t.Log("the disk has space again")
		c.disk.empty(t)
	}
}

// limitAll keeps the files of all living processes from growing, for a while, as a full disk
// does. No write of a byte succeeds meanwhile, and no right is needed for it.
func (c *crowd) limitAll(t *testing.T, random *rand.Rand) {
	t.Helper()
	t.Log("the disk is full")
	c.told.Filled++
	c.limitFiles(random, 0)
	time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
	c.limitFiles(random, unix.RLIM_INFINITY)
}

// limitFiles limits the size of files for all living processes. One that was started meanwhile
// has the limit of its parent, so it looks until all have the new one.
func (c *crowd) limitFiles(random *rand.Rand, size uint64) {
	for changed := true; changed; {
		changed = false
		for _, pid := range c.living(random) {
			var now unix.Rlimit
			if unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &now) != nil || now.Cur == size {
				continue
			}
			changed = unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: now.Max}, nil) == nil || changed
		}
	}
}

// takeServerAway kills the server of the history, or stops it, for a while.
func (c *crowd) takeServerAway(t *testing.T, random *rand.Rand) {
	t.Helper()
	c.historyFailed = true
	c.told.Away++
	away := time.Duration(random.IntN(1000)) * time.Millisecond
	if random.IntN(2) == 0 {
		t.Log("the server is killed for", away)
		c.server.Kill(t)
		time.Sleep(away)
		c.server.Start(t)
		return
	}
	t.Log("the server is stopped for", away)
	c.server.Freeze(t)
	time.Sleep(away)
	c.server.Thaw(t)
}

// setClockBack makes all times of the history later. For the processes that follow, the clock was
// set back by as much since.
func (c *crowd) setClockBack(t *testing.T, random *rand.Rand) {
	t.Helper()
	c.told.SetBack++
	by := time.Duration(1 + random.Int64N(int64(24*time.Hour))).Microseconds()
	t.Log("the clock is set back by", time.Duration(by)*time.Microsecond)
	db := c.Open(t)
	defer db.Close()
	for _, statement := range []string{
		"UPDATE events SET time = time + $1",
		"UPDATE runs SET queued = queued + $1, started = started + $1, finished = finished + $1, cancel_requested = cancel_requested + $1",
		"UPDATE steps SET started = started + $1",
	} {
		if _, err := db.Exec(statement, by); err != nil {
			t.Fatal(err)
		}
	}
	if c.Address != "" {
		return
	}
	if _, err := db.Exec("UPDATE last_materializations AS made SET event = (SELECT " + faulttest.PackedEvent + " FROM events JOIN runs ON runs.number = events.run" +
		" WHERE events.position = made.position)"); err != nil { // which is a table of SQLite
		t.Fatal(err)
	}
}

// damage damages the file of the history while processes use it. Nothing is promised about their
// runs after that, but each process ends, with an error if it notices, and none crashes.
func (c *crowd) damage(t *testing.T, random *rand.Rand) {
	t.Helper()
	c.historyFailed = true
	c.told.Damaged++
	executors := []string{"", "step", "run"}
	members := []*member{c.start(t, "launch", executors[random.IntN(3)]), c.start(t, "launch", executors[random.IntN(3)])}
	time.Sleep(time.Duration(random.ExpFloat64() * float64(100*time.Millisecond)))
	damageFile(t, random, filepath.Join(c.Folder, "fxrun.db"))
	for _, member := range members {
		c.wait(t, member)
	}
	c.checkNobodyStays(t, random)
	after := c.start(t, "settle", "")
	c.wait(t, after)
	if !after.ProcessState.Success() && !bytes.Contains(after.output.Bytes(), []byte("the run history ")) { // is damaged, or was written by a newer version
		t.Errorf("the error does not say what is wrong with the history: %s", after.output.Bytes())
	}
}

// damageFile cuts a file off, or writes nonsense into it.
func damageFile(t *testing.T, random *rand.Rand, name string) {
	t.Helper()
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	size := about.Size()
	if random.IntN(2) == 0 {
		to := random.Int64N(size + 1)
		t.Logf("the history is cut off at %d of %d bytes", to, size)
		err = file.Truncate(to)
	} else {
		nonsense := make([]byte, 1+random.IntN(8192))
		for i := range nonsense {
			nonsense[i] = byte(random.Uint32())
		}
		at := random.Int64N(size + 1)
		t.Logf("%d bytes of the history are nonsense from %d of %d on", len(nonsense), at, size)
		_, err = file.WriteAt(nonsense, at)
	}
	if err != nil {
		t.Fatal(err)
	}
}
