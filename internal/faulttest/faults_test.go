//go:build linux

package faulttest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/faulttest"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, standard uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return standard
	}
	number, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return number
}

// standardTime is how long the test takes that is not told how many rounds it has, however busy
// the machine is.
const standardTime = 40 * time.Second

// Each home is a subtest. Rounds share a home for a while, so that each begins with what the
// faults of the earlier ones have left. A home is played to its end.
func TestRunsSurviveFaults(t *testing.T) {
	playHomes(t, standardTime, func(*testing.T) string { return "" }, nil)
}

// The server of the history is killed and stopped too.
func TestRunsInPostgreSQLSurviveFaults(t *testing.T) {
	var server postgrestest.Server
	t.Cleanup(server.Stop)
	playHomes(t, standardTime/2, func(t *testing.T) string { return server.NewDatabase(t) + "&options=-csynchronous_commit%3Don" }, &server)
}

func playHomes(t *testing.T, standard time.Duration, newDatabase func(*testing.T) string, server *postgrestest.Server) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes most of a minute")
	}
	if server != nil {
		newDatabase(t) // or skip
	}
	seed := setting(t, "FAULT_SEED", rand.Uint64())
	rounds := setting(t, "FAULT_ROUNDS", 0)
	t.Logf("FAULT_SEED=%d", seed)
	var told faulttest.Facts
	began := time.Now()
	over := func(round uint64) bool {
		if rounds == 0 {
			return time.Since(began) > standard
		}
		return round >= rounds
	}
	for round := uint64(0); !over(round); {
		random := rand.New(rand.NewPCG(seed, round))
		stays := 1 + random.Uint64N(6)
		passed := t.Run(fmt.Sprintf("home of rounds %d to %d", round, round+stays-1), func(t *testing.T) {
			c := newCrowd(t, random, server == nil)
			if server != nil {
				c.server, c.Address = server, newDatabase(t)
			}
			told.Add(c.play(t, random, stays))
		})
		if !passed {
			t.Fatalf("run it again with FAULT_SEED=%d, and FAULT_HOMES=FOLDER to keep the files", seed)
		}
		round += stays
	}
	t.Logf("%+v", told)
}

// newHome is a folder of its own, which FAULT_HOMES keeps, perhaps on a disk of its own.
func newHome(t *testing.T, hasDisk bool) (folder string, on *disk) {
	t.Helper()
	folder = t.TempDir()
	kept := ""
	if parent := os.Getenv("FAULT_HOMES"); parent != "" {
		var err error
		if kept, err = os.MkdirTemp(parent, "home"); err != nil { //nolint:usetesting // it shall stay
			t.Fatal(err)
		}
		t.Log("the home is", kept)
	}
	if hasDisk {
		on = newDisk(t, folder)
	}
	switch {
	case kept == "":
	case on == nil:
		folder = kept
	default:
		t.Cleanup(func() { _ = os.CopyFS(kept, os.DirFS(folder)) }) // before it is unmounted
	}
	return folder, on
}

// newCrowd returns the processes of a new home, of which there are none.
func newCrowd(t *testing.T, random *rand.Rand, hasDisk bool) *crowd {
	t.Helper()
	folder, on := newHome(t, hasDisk)
	home := &faulttest.Home{Folder: folder, Killed: make(map[int]bool)}
	home.MakeFolders(t)
	c := &crowd{
		Home: home, mark: fmt.Sprintf("%d-%d", os.Getpid(), random.Uint64()), graph: random.Uint64(), deaf: random.IntN(2) == 0,
		asked: make(map[int]bool), disk: on,
	}
	t.Cleanup(func() { // if the test fails in the middle
		for _, pid := range c.living(random) {
			c.kill(t, pid)
		}
		c.letGo()
	})
	return c
}

// play plays the rounds of one home.
func (c *crowd) play(t *testing.T, random *rand.Rand, rounds uint64) faulttest.Facts {
	t.Helper()
	for round := range rounds {
		c.historyFailed = false
		c.disturb(t, random, round == 0)
		c.checkNobodyStays(t, random)
		c.letGo()
		c.historyFailed = false
		c.wait(t, c.start(t, "settle", ""))
		if random.IntN(4) == 0 {
			c.setClockBack(t, random)
		}
		c.Check(t)
		if t.Failed() {
			t.Fatalf("in round %d of this home", round)
		}
	}
	c.wait(t, c.start(t, "finish", []string{"", "step", "run"}[random.IntN(3)]))
	c.checkNobodyStays(t, random)
	c.CheckNoLeftovers(t) // before the checker opens the file, which makes two others beside it
	c.CheckLocks(t)
	c.told.Add(c.Check(t))
	c.CheckNothingWaits(t)
	if c.server == nil && random.IntN(3) == 0 {
		c.damage(t, random)
	}
	c.told.Add(faulttest.Facts{Homes: 1, Rounds: int(rounds), Killed: len(c.Killed), Asked: len(c.asked)})
	return c.told
}

// disturb has processes execute runs, and does them harm.
func (c *crowd) disturb(t *testing.T, random *rand.Rand, first bool) {
	t.Helper()
	executors := []string{"", "step", "run"}
	members := []*member{c.start(t, "launch", executors[random.IntN(3)])}
	if random.IntN(2) == 0 {
		members = append(members, c.start(t, "work", executors[random.IntN(3)]))
	}
	if random.IntN(3) == 0 {
		members = append(members, c.start(t, "launch", executors[random.IntN(3)]))
	}
	opened, err := openHistory(c.Folder, c.Address)
	if err != nil {
		t.Fatal(err)
	}
	mean := 60 + 60*random.IntN(3)
	if first {
		mean = 15 // while the home is made
	}
	for range random.IntN(7) {
		time.Sleep(time.Duration(random.ExpFloat64() * float64(mean) * float64(time.Millisecond)))
		living := c.living(random)
		if len(living) == 0 {
			break
		}
		switch random.IntN(8) {
		case 0, 1:
			c.killOne(t, random, living)
		case 2:
			c.terminate(living[0])
		case 3, 4:
			t.Logf("stop %d", living[0])
			_ = syscall.Kill(living[0], syscall.SIGSTOP)
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
			if random.IntN(4) == 0 {
				c.kill(t, living[0])
			}
			_ = syscall.Kill(living[0], syscall.SIGCONT)
		case 5:
			if c.server != nil {
				c.takeServerAway(t, random)
			} else {
				c.fillDisk(t, random)
			}
		default:
			cancelOne(opened.store, random)
		}
	}
	if c.disk != nil && c.disk.full {
		t.Log("the disk has space again")
		c.disk.empty(t)
	}
	if err := opened.close(); err != nil {
		t.Error(err)
	}
	for _, member := range members {
		switch pid := member.Process.Pid; {
		case member.hasEnded():
		case random.IntN(3) == 0:
			c.kill(t, pid)
		case member.role == "work" || random.IntN(2) == 0:
			c.terminate(pid)
		}
	}
	for _, member := range members {
		c.wait(t, member)
	}
}

func (m *member) hasEnded() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

// cancelOne asks an unfinished run to end, as another process does.
func cancelOne(store history.Store, random *rand.Rand) {
	open, err := store.Runs(context.Background(), history.RunQuery{Statuses: []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning}})
	if err != nil || len(open) == 0 {
		return
	}
	request := history.RunCancelRequested{Reason: "by chance", Within: time.Duration(random.IntN(2)) * 50 * time.Millisecond}
	_, _ = store.Append(context.Background(), history.Event{RunID: open[random.IntN(len(open))].ID, Time: time.Now(), Data: request})
}
