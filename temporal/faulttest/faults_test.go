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
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/faulttest"
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

func TestRunsOnWorkersSurviveFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes most of a minute")
	}
	playRounds(t, newServers(t), 40*time.Second)
}

// Each process is on a host of its own, and the servers are on two other hosts.
func TestRunsOnWorkersOfManyHostsSurviveFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes most of a minute")
	}
	playRounds(t, newServersOnHosts(t), 30*time.Second)
}

// playRounds plays rounds, for the standard time unless it is told how many. Each round is a
// subtest with a home of its own: a graph, a history, and a task queue.
func playRounds(t *testing.T, used *servers, standard time.Duration) {
	t.Helper()
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
	for round := setting(t, "FAULT_FIRST", 0); !over(round); round++ {
		random := rand.New(rand.NewPCG(seed, round))
		passed := t.Run(fmt.Sprint("round ", round), func(t *testing.T) {
			c := newCrowd(t, random, used)
			told.Add(c.play(t, random))
		})
		if !passed {
			t.Fatalf("run it again with FAULT_SEED=%d FAULT_FIRST=%d, and FAULT_HOMES=FOLDER to keep the files", seed, round)
		}
	}
	t.Logf("%+v", told)
}

func newCrowd(t *testing.T, random *rand.Rand, used *servers) *crowd {
	t.Helper()
	folder := t.TempDir()
	if kept := os.Getenv("FAULT_HOMES"); kept != "" {
		var err error
		if folder, err = os.MkdirTemp(kept, "home"); err != nil { //nolint:usetesting // it shall stay
			t.Fatal(err)
		}
		t.Log("the home is", folder)
	}
	mark := fmt.Sprintf("%d-%d", os.Getpid(), random.Uint64())
	c := &crowd{
		Home:    &faulttest.Home{Folder: folder, Address: used.database.NewDatabase(t) + "&options=-csynchronous_commit%3Don", Killed: make(map[int]bool)},
		mark:    mark,
		queue:   "faults-" + mark,
		graph:   random.Uint64(),
		spread:  1 + random.IntN(3),
		servers: used,
		asked:   make(map[int]bool),
	}
	c.MakeFolders(t)
	used.wasAway = false
	t.Cleanup(func() { // if the test fails in the middle
		for _, one := range c.members {
			if !one.hasEnded() {
				c.kill(t, one)
				<-one.ended
			}
		}
		c.showOutput(t)
	})
	return c
}

// longest is how long a round may take after its last fault, on a busy machine too.
const longest = 3 * time.Minute

// play plays a round to its end, and checks what it has left.
func (c *crowd) play(t *testing.T, random *rand.Rand) faulttest.Facts {
	t.Helper()
	for range 1 + random.IntN(3) {
		c.start(t, "worker")
	}
	c.start(t, "launch")
	for range 1 + random.IntN(6) {
		time.Sleep(time.Duration(random.ExpFloat64() * float64(400*time.Millisecond)))
		c.harm(t, random)
	}
	for _, one := range c.members {
		if !one.hasEnded() { // a machine that is gone stays so
			one.line.restore(t)
		}
	}
	if len(c.of(random, "worker")) == 0 {
		c.start(t, "worker")
	}
	for _, one := range c.of(random, "launch") { // what it leaves is for the process that finishes
		if random.IntN(2) == 0 {
			c.terminate(t, one)
		}
		c.wait(t, one, longest)
	}
	finish := c.start(t, "finish")
	c.wait(t, finish, longest)
	for _, one := range c.members {
		if !one.hasEnded() {
			c.terminate(t, one)
		}
	}
	for _, one := range c.members {
		c.wait(t, one, longest)
	}
	c.checkNobodyStays(t)
	c.CheckNoLeftovers(t)
	c.CheckLocks(t)
	told := c.Check(t)
	c.CheckNothingWaits(t)
	told.Add(faulttest.Facts{Homes: 1, Rounds: 1, Killed: len(c.Killed), Asked: len(c.asked), Away: c.told.Away})
	return told
}

// harm does one harm to the processes, to the servers, or to the network between them.
func (c *crowd) harm(t *testing.T, random *rand.Rand) {
	t.Helper()
	if c.servers.network != nil && random.IntN(2) == 0 {
		c.harmNetwork(t, random)
		return
	}
	workers, launchers := c.of(random, "worker"), c.of(random, "launch")
	switch what := random.IntN(12); {
	case what < 3 && len(workers) > 0:
		c.kill(t, workers[0])
		c.start(t, "worker")
	case what < 5 && len(workers) > 0:
		c.terminate(t, workers[0])
		c.start(t, "worker")
	case what == 5 && len(launchers) > 0:
		c.kill(t, launchers[0])
		c.start(t, "launch")
	case what == 6 && len(launchers) > 0:
		c.terminate(t, launchers[0])
		c.start(t, "launch")
	case what == 7 && len(workers) > 0:
		t.Logf("stop the worker %d", workers[0].Process.Pid)
		_ = workers[0].Process.Signal(syscall.SIGSTOP)
		time.Sleep(rand.N(2 * heartbeat))
		_ = workers[0].Process.Signal(syscall.SIGCONT)
	case what == 8 && len(workers) > 0:
		c.cut(t, random, workers[0])
		time.Sleep(rand.N(2 * heartbeat))
		workers[0].line.restore(t)
	case what == 9:
		c.takeTemporalAway(t, random)
	case what == 10:
		c.takeDatabaseAway(t, random)
	default:
		c.cancelOne(t, random)
	}
}

// harmNetwork cuts a process off for a while, or until the end of the round, or for ever.
func (c *crowd) harmNetwork(t *testing.T, random *rand.Rand) {
	t.Helper()
	members := append(c.of(random, "worker"), c.of(random, "launch")...)
	if len(members) == 0 {
		return
	}
	one := members[random.IntN(len(members))]
	c.cut(t, random, one)
	switch what := random.IntN(8); {
	case what == 0: // its machine is gone, and the servers hear nothing of its end
		c.kill(t, one)
		<-one.ended
		c.start(t, one.role)
	case what < 3: // while others are harmed
	case what == 3: // for longer than the servers keep a session
		time.Sleep(time.Duration(random.Int64N(int64(8 * time.Second))))
		one.line.restore(t)
	default:
		time.Sleep(time.Duration(random.Int64N(int64(2 * heartbeat))))
		one.line.restore(t)
	}
}

func (c *crowd) cut(t *testing.T, random *rand.Rand, m *member) {
	t.Helper()
	c.told.Away++
	how, apart := m.line.cut(t, random)
	m.wasApart = m.wasApart || apart
	t.Logf("the network of the %s %d: %s", m.role, m.Process.Pid, how)
}

func (c *crowd) takeTemporalAway(t *testing.T, random *rand.Rand) {
	t.Helper()
	c.servers.wasAway = true
	c.told.Away++
	t.Log("kill Temporal")
	if err := c.servers.temporal.Kill(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
	c.servers.restartTemporal(t)
}

func (c *crowd) takeDatabaseAway(t *testing.T, random *rand.Rand) {
	t.Helper()
	c.servers.wasAway = true
	c.told.Away++
	away := time.Duration(random.IntN(1000)) * time.Millisecond
	if random.IntN(2) == 0 {
		t.Log("stop PostgreSQL for", away)
		c.servers.database.Freeze(t)
		time.Sleep(away)
		c.servers.database.Thaw(t)
		return
	}
	t.Log("kill PostgreSQL for", away)
	c.servers.database.Kill(t)
	time.Sleep(away)
	c.servers.database.Start(t)
}

// cancelOne asks an unfinished run to end, as another process does.
func (c *crowd) cancelOne(t *testing.T, random *rand.Rand) {
	t.Helper()
	store, err := postgres.New(c.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	open, err := store.Runs(context.Background(), history.RunQuery{Statuses: []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning}})
	if err != nil || len(open) == 0 {
		return
	}
	id := open[random.IntN(len(open))].ID
	t.Log("cancel", id)
	request := history.RunCancelRequested{Reason: "by chance", Within: time.Duration(random.IntN(2)) * 50 * time.Millisecond}
	_, _ = store.Append(context.Background(), history.Event{RunID: id, Time: time.Now(), Data: request})
}
