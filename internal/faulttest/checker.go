//go:build linux

package faulttest

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the checker reads the database by itself
	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite" // and the file
)

// The checker uses nothing of fxrun: what the code believes of itself is no evidence.

// Facts are counted, to show that the faults did something.
type Facts struct{ Homes, Rounds, Killed, Asked, Filled, Away, SetBack, Damaged, Runs, Succeeded, Failed, Cancelled, Lost, Resumed, Steps, Attempts, Values, Left int }

// Add adds what was counted elsewhere.
func (f *Facts) Add(other Facts) {
	f.Homes, f.Rounds, f.Killed, f.Asked = f.Homes+other.Homes, f.Rounds+other.Rounds, f.Killed+other.Killed, f.Asked+other.Asked
	f.Runs, f.Succeeded, f.Failed, f.Cancelled = f.Runs+other.Runs, f.Succeeded+other.Succeeded, f.Failed+other.Failed, f.Cancelled+other.Cancelled
	f.Lost, f.Resumed, f.Steps, f.Attempts = f.Lost+other.Lost, f.Resumed+other.Resumed, f.Steps+other.Steps, f.Attempts+other.Attempts
	f.Filled, f.Away, f.SetBack, f.Damaged = f.Filled+other.Filled, f.Away+other.Away, f.SetBack+other.SetBack, f.Damaged+other.Damaged
	f.Values, f.Left = f.Values+other.Values, f.Left+other.Left
}

// A storedRun is a row of the table of runs, with all that belongs to it.
type storedRun struct {
	id, status string
	tags       map[string]string
	events     []storedEvent
	steps      map[string]storedStep
	finished   *storedEvent
}

type storedStep struct {
	status  string
	attempt int
}

type storedEvent struct {
	position, seq int64
	kind          string
	data          struct {
		Step, Asset, Resource, Status string
		Attempt                       int
		Retry, Takeable               bool
		Steps                         []string
		Error                         struct{ Message string }
		Left                          []struct{ Resource, Step string }
	}
}

// evidence is what the files of a home hold.
type evidence struct {
	runs   map[string]*storedRun
	begun  map[string]int // notes of the ledger, by run, step and attempt
	ended  map[string]int
	killed map[int]bool
}

// Check looks for whatever may not be after the home was opened once by a process that has ended.
func (h *Home) Check(t testing.TB) Facts {
	t.Helper()
	found := &evidence{runs: h.readRuns(t), killed: h.Killed}
	found.begun, found.ended = readLedger(t, h)
	var told Facts
	for _, run := range found.runs {
		checkOrder(t, run)
		checkState(t, run)
		checkAttempts(t, run, found)
		checkResumed(t, run, found)
		told.count(run)
	}
	for about, times := range found.begun {
		if times != 1 {
			t.Errorf("the ledger: %s has begun %d times", about, times)
		}
	}
	told.Left = h.checkMarkers(t, found)
	told.Values = checkValues(t, h, found)
	return told
}

func (f *Facts) count(run *storedRun) {
	f.Runs++
	switch run.status {
	case "succeeded":
		f.Succeeded++
	case "failed":
		f.Failed++
	case "cancelled":
		f.Cancelled++
	}
	if run.isLost() {
		f.Lost++
	}
	if run.tags["fxrun/resumes"] != "" {
		f.Resumed++
	}
	f.Steps += len(run.steps)
	for _, event := range run.events {
		if event.kind == "step_started" {
			f.Attempts++
		}
	}
}

// isLost reports whether another process has recorded the end of the run.
func (r *storedRun) isLost() bool {
	return r.finished != nil && strings.Contains(r.finished.data.Error.Message, ") is gone")
}

// Open opens the history as a database like any other.
func (h *Home) Open(t testing.TB) *sql.DB {
	t.Helper()
	driver, address := "sqlite", "file:"+filepath.Join(h.Folder, "fxrun.db")
	if h.Address != "" {
		driver, address = "pgx", h.Address+"&search_path=fxrun"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (h *Home) readRuns(t testing.TB) map[string]*storedRun {
	t.Helper()
	db := h.Open(t)
	defer db.Close() //nolint:errcheck // it was only read

	if h.Address == "" {
		var whole string
		if err := db.QueryRow("PRAGMA integrity_check").Scan(&whole); err != nil || whole != "ok" {
			t.Fatalf("the file is damaged: %s, %v", whole, err)
		}
		checkLastMaterializations(t, db)
	}
	byNumber, byID := make(map[int64]*storedRun), make(map[string]*storedRun)
	each(t, db, "SELECT number, id, status, tags FROM runs", func(scan func(...any) error) error {
		run := &storedRun{steps: make(map[string]storedStep)}
		var number int64
		var tags []byte
		err := scan(&number, &run.id, &run.status, &tags)
		byNumber[number], byID[run.id] = run, run
		return errors.Join(err, json.Unmarshal(tags, &run.tags))
	})
	each(t, db, "SELECT run, key, status, attempt FROM steps", func(scan func(...any) error) error {
		var run int64
		var key string
		var step storedStep
		err := scan(&run, &key, &step.status, &step.attempt)
		byNumber[run].steps[key] = step
		return err
	})
	each(t, db, "SELECT run, position, seq, type, fields FROM events ORDER BY run, seq", func(scan func(...any) error) error {
		var run int64
		var event storedEvent
		var fields []byte
		if err := scan(&run, &event.position, &event.seq, &event.kind, &fields); err != nil {
			return err
		}
		byNumber[run].events = append(byNumber[run].events, event)
		events := byNumber[run].events
		return json.Unmarshal(fields, &events[len(events)-1].data)
	})
	for _, run := range byID {
		if at := slices.IndexFunc(run.events, func(e storedEvent) bool { return e.kind == "run_finished" }); at >= 0 {
			run.finished = &run.events[at]
		}
	}
	return byID
}

// PackedEvent is in SQL what the table of the last materializations has of an event and its run.
const PackedEvent = "events.seq || ' ' || events.time || ' ' || octet_length(runs.id) || ' ' || runs.id || events.fields"

// checkLastMaterializations checks that the table of the last materializations says what the
// events say.
func checkLastMaterializations(t testing.TB, db *sql.DB) {
	t.Helper()
	const kept = "SELECT asset, position, event FROM last_materializations"
	const made = "SELECT asset, position, " + PackedEvent + " FROM runs JOIN (" +
		"SELECT asset, max(position) AS position, run, seq, time, fields FROM events WHERE type = 'asset_materialized' GROUP BY asset" +
		") AS events ON runs.number = events.run"
	for _, query := range []string{kept + " EXCEPT " + made, made + " EXCEPT " + kept} {
		each(t, db, "SELECT asset, position FROM ("+query+")", func(scan func(...any) error) error {
			var asset string
			var position int64
			err := scan(&asset, &position)
			t.Errorf("the last materialization of %s, at %d, differs between its table and the events", asset, position)
			return err
		})
	}
}

func each(t testing.TB, db *sql.DB, query string, use func(scan func(...any) error) error) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := use(rows.Scan); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func readLedger(t testing.TB, h *Home) (begun, ended map[string]int) {
	t.Helper()
	begun, ended = make(map[string]int), make(map[string]int)
	notes, err := os.ReadDir(h.Ledger())
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range notes {
		parts := strings.Split(note.Name(), "~")
		about, err := url.PathUnescape(parts[1])
		if err != nil {
			t.Fatal(err)
		}
		if parts[0] == "begin" {
			begun[about]++
		} else {
			ended[about]++
		}
	}
	return begun, ended
}

// checkOrder checks that the log of a run is whole, and in an order that makes sense.
func checkOrder(t testing.TB, run *storedRun) {
	t.Helper()
	reached := make(map[string]bool)
	for i, event := range run.events {
		if event.seq != int64(i+1) {
			t.Errorf("run %s: event %d has the number %d", run.id, i+1, event.seq)
		}
		var after, not []string
		once := strings.HasPrefix(event.kind, "run_")
		switch event.kind {
		case "run_queued":
		case "run_starting":
			after, not = []string{"run_queued"}, []string{"run_finished"}
		case "run_started":
			after, not = []string{"run_starting"}, []string{"run_finished"}
		case "run_finished":
			after = []string{"run_queued"}
		case "run_cancel_requested":
			after, not, once = []string{"run_queued"}, []string{"run_finished"}, false
		case "run_adopted": // by a process that goes on with a run on a cluster
			after, not, once = []string{"run_starting"}, []string{"run_finished"}, false
		case "log_written": // a late line may follow the end
			after, once = []string{"run_queued"}, false
		default:
			after, not = []string{"run_queued", "run_starting"}, []string{"run_finished"}
			if strings.HasPrefix(event.kind, "step_") && event.kind != "step_cancelled" && event.kind != "step_skipped" || event.kind == "asset_materialized" {
				after = append(after, "run_started")
			}
		}
		for _, earlier := range after {
			if !reached[earlier] {
				t.Errorf("run %s: event %d is %s, and there was no %s", run.id, event.seq, event.kind, earlier)
			}
		}
		for _, earlier := range not {
			if reached[earlier] {
				t.Errorf("run %s: event %d is %s after %s", run.id, event.seq, event.kind, earlier)
			}
		}
		if once && reached[event.kind] {
			t.Errorf("run %s: event %d is a second %s", run.id, event.seq, event.kind)
		}
		reached[event.kind] = true
	}
	if len(run.events) == 0 || run.events[0].kind != "run_queued" {
		t.Fatalf("run %s does not begin with run_queued", run.id)
	}
}

// checkState checks that the run has ended, or can be taken from the queue, and that its row
// says what its log says.
func checkState(t testing.TB, run *storedRun) {
	t.Helper()
	if run.finished == nil {
		starting := slices.ContainsFunc(run.events, func(e storedEvent) bool { return e.kind == "run_starting" })
		if starting || run.status != "queued" || !run.events[0].data.Takeable {
			t.Errorf("run %s is %s for ever", run.id, run.status)
		}
		return
	}
	if want := run.finished.data.Status; run.status != want || !slices.Contains([]string{"succeeded", "failed", "cancelled"}, want) {
		t.Errorf("the row of run %s says %s, and its log %s", run.id, run.status, want)
	}
	if failed := run.finished.data.Error.Message != ""; failed == (run.status == "succeeded") {
		t.Errorf("run %s is %s: %q", run.id, run.status, run.finished.data.Error.Message)
	}
	for key, step := range run.steps {
		if run.status == "succeeded" && step.status != "succeeded" {
			t.Errorf("run %s has succeeded, and its step %s is %s", run.id, key, step.status)
		}
	}
}

// checkAttempts checks that each attempt has a reason, and that nothing was done after success.
func checkAttempts(t testing.TB, run *storedRun, found *evidence) {
	t.Helper()
	status, attempt := make(map[string]string), make(map[string]int)
	for _, key := range run.events[0].data.Steps {
		status[key] = "pending"
	}
	for _, event := range run.events {
		key, next := event.data.Step, ""
		legal := status[key] == "running"
		switch event.kind {
		case "step_started":
			legal, next = status[key] == "pending" && event.data.Attempt == attempt[key]+1, "running"
			attempt[key] = event.data.Attempt
		case "step_succeeded":
			next = "succeeded"
			if about := fmt.Sprintf("%s %s %d", run.id, key, attempt[key]); found.ended[about] != 1 && key != "settling" {
				t.Errorf("the step of %q has succeeded, and its function has ended %d times", about, found.ended[about])
			}
		case "step_failed":
			next = "failed"
			if event.data.Retry {
				next = "pending"
			}
		case "step_skipped":
			legal, next = status[key] == "pending", "skipped"
		case "step_cancelled":
			legal, next = legal || status[key] == "pending", "cancelled"
		case "asset_materialized":
			next = "running"
		default:
			continue
		}
		if !legal {
			t.Errorf("run %s: event %d is %s of %s, attempt %d, which is %s after attempt %d",
				run.id, event.seq, event.kind, key, event.data.Attempt, status[key], attempt[key])
		}
		status[key] = next
	}
	for key, got := range status {
		if run.finished != nil {
			switch {
			case got == "running", got == "pending" && run.status == "cancelled":
				got = "cancelled"
			case got == "pending":
				got = "skipped"
			}
		}
		if row := run.steps[key]; row.status != got || row.attempt != attempt[key] {
			t.Errorf("run %s: the row of step %s says %s, attempt %d, and the log %s, attempt %d", run.id, key, row.status, row.attempt, got, attempt[key])
		}
	}
	if len(status) != len(run.steps) {
		t.Errorf("run %s has %d rows of steps, and %d steps in its log", run.id, len(run.steps), len(status))
	}
}

// checkResumed checks that the rest of a lost run goes on once, if its policy says so.
func checkResumed(t testing.TB, run *storedRun, found *evidence) {
	t.Helper()
	resumed := 0
	for _, other := range found.runs {
		if other.tags["fxrun/retry_of"] == run.id && other.tags["fxrun/resumes"] != run.tags["fxrun/resumes"] {
			resumed++
		}
	}
	want, open := 0, false
	for _, event := range run.steps {
		open = open || event.status != "succeeded"
	}
	if run.isLost() && open && run.tags["fxrun/on_crash"] == "resume" && !strings.Contains(run.finished.data.Error.Message, "it is not resumed: ") {
		want = 1
	}
	if resumed != want {
		t.Errorf("run %s was resumed %d times, want %d: %+v", run.id, resumed, want, run.finished)
	}
}

// checkMarkers checks that each resource that has started is stopped, or was left by a process
// that was killed, and the end of its run says so.
func (h *Home) checkMarkers(t testing.TB, found *evidence) int {
	t.Helper()
	markers, err := os.ReadDir(h.Markers())
	if err != nil {
		t.Fatal(err)
	}
	type instance struct{ run, resource, step string }
	counts := make(map[instance]int)
	for _, marker := range markers {
		parts := strings.Split(marker.Name(), "~")
		step, err := url.PathUnescape(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(parts[3])
		if err != nil {
			t.Fatal(err)
		}
		if parts[1] != "" {
			counts[instance{parts[1], parts[0], step}]++
		} else if !found.killed[pid] {
			t.Errorf("process %d was not killed, and has left %s", pid, marker.Name())
		}
	}
	for of, count := range counts {
		run, listed := found.runs[of.run], 0
		if run == nil || run.finished == nil {
			t.Errorf("run %s has not ended, and %d of %q of step %q stay", of.run, count, of.resource, of.step)
			continue
		}
		for _, left := range run.finished.data.Left {
			// A process for one step names the step with all that it has started.
			if left.Resource == of.resource && (left.Step == of.step || of.step == "") {
				listed++
			}
		}
		if listed < count {
			t.Errorf("run %s (%s: %s) has left %d of %q of step %q, and its end lists %d", of.run, run.status, run.finished.data.Error.Message, count, of.resource, of.step, listed)
		}
	}
	return len(markers)
}

// checkValues checks that each value is whole, and is that of the run that has stored it last.
func checkValues(t testing.TB, h *Home, found *evidence) int {
	t.Helper()
	values := make(map[string]content) // of assets by key, of ops by run and key
	err := filepath.WalkDir(h.Values(), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".tmp-") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var value content
		if err := json.Unmarshal(text, &value); err != nil || len(value.Fill) != value.Size {
			t.Errorf("%s is half written: %d bytes, %v", path, len(text), err)
			return nil
		}
		mark := make([]byte, 256)
		n, err := unix.Getxattr(path, "user.fxrun.run", mark)
		if err == nil && string(mark[:n]) != value.Run || err != nil && !errors.Is(err, syscall.ENOTSUP) {
			t.Errorf("%s is of run %s, and its attribute says %q, %v", path, value.Run, mark[:max(n, 0)], err)
		}
		key := value.Key
		if strings.HasPrefix(key, "o") {
			key = value.Run + " " + key
		}
		if _, twice := values[key]; twice {
			t.Errorf("%s is a second value of %s", path, key)
		}
		values[key] = value
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	checkStored(t, values, found)
	return len(values)
}

// checkStored compares the values with the history, both ways.
func checkStored(t testing.TB, values map[string]content, found *evidence) {
	t.Helper()
	last := make(map[string]*storedRun) // the run that has stored an asset last
	at := make(map[string]int64)        // the position of its record
	for _, run := range found.runs {
		for _, event := range run.events {
			if asset := event.data.Asset; event.kind == "asset_materialized" && event.position > at[asset] {
				last[asset], at[asset] = run, event.position
			}
			if key := run.id + " " + event.data.Step; event.kind == "step_succeeded" && strings.HasPrefix(event.data.Step, "o") && values[key].Run == "" {
				t.Errorf("%s has succeeded, and has no value", key)
			}
		}
	}
	for asset, run := range last {
		if asset != "settling" && values[asset].Run == "" {
			t.Errorf("run %s has stored %s, which has no value", run.id, asset)
		}
	}
	for _, value := range values {
		run := found.runs[value.Run]
		if run == nil {
			t.Errorf("%s is of run %s, which the history lacks", value.Key, value.Run)
			continue
		}
		stored, outcome := run.storing(value)
		switch {
		case !stored && outcome != "":
			t.Errorf("%s is that of run %s, attempt %d, which has not stored it: %s", value.Key, value.Run, value.Attempt, outcome)
		case stored && last[value.Key] != nil && last[value.Key] != run:
			t.Errorf("%s is that of run %s, and its last record is of run %s", value.Key, value.Run, last[value.Key].id)
		}
	}
}

// storing reports whether an attempt has stored a value, as the history says. The outcome
// says how the attempt has ended instead. It is "" if its process was killed, after it had stored
// the value perhaps: the start of a step is recorded while the step begins, and its end a moment
// after the value was stored.
func (r *storedRun) storing(value content) (stored bool, outcome string) {
	const neverBegun = "it has never begun"
	running, outcome := false, neverBegun
	for _, event := range r.events {
		switch {
		case event.data.Step != value.Key && event.kind != "run_finished":
		case event.kind == "step_started":
			if running = event.data.Attempt == value.Attempt; running {
				outcome = "it goes on"
			}
		case !running:
		case event.kind == "asset_materialized", event.kind == "step_succeeded":
			return true, ""
		case event.kind == "step_failed", event.kind == "run_finished":
			running, outcome = false, unlessKilled(event.data.Error.Message)
		case event.kind == "step_cancelled": // perhaps because its process was killed after its run had ended
			running, outcome = false, "it was cancelled"
			if r.finished != nil && unlessKilled(r.finished.data.Error.Message) == "" {
				outcome = ""
			}
		}
	}
	if outcome == neverBegun && r.isLost() {
		return false, ""
	}
	return false, outcome
}

// unlessKilled returns the error of a step or of a run, or "" if it says that a process was
// killed, or that the history could not be kept.
func unlessKilled(message string) string {
	for _, death := range []string{") is gone", "the process was killed", "the process ended", "the process was ended", "was lost", "recording "} {
		if strings.Contains(message, death) {
			return ""
		}
	}
	return message
}

// CheckLocks checks that nobody holds a lock in the database after all processes have ended.
func (h *Home) CheckLocks(t testing.TB) {
	t.Helper()
	if h.Address == "" {
		return // the locks are files, which CheckNoLeftovers looks for
	}
	db := h.Open(t)
	defer db.Close() //nolint:errcheck // it was only read

	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) { // the server notices the end of a process a little later
		held := 0
		err := db.QueryRow("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&held)
		if err != nil {
			t.Fatal(err)
		}
		if held == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d locks are held, and all processes have ended", held)
			return
		}
	}
}

// CheckNothingWaits checks that the queue is empty.
func (h *Home) CheckNothingWaits(t testing.TB) {
	t.Helper()
	for _, run := range h.readRuns(t) {
		if run.finished == nil {
			t.Errorf("run %s is %s, after a process has taken all that waits", run.id, run.status)
		}
	}
}

// CheckNoLeftovers checks that no temporary file stays after every asset was stored again.
func (h *Home) CheckNoLeftovers(t testing.TB) {
	t.Helper()
	err := filepath.WalkDir(h.Folder, func(path string, entry fs.DirEntry, err error) error {
		below, _ := filepath.Rel(h.Folder, path)
		switch name := filepath.Base(path); {
		case err != nil:
			return err
		case strings.HasPrefix(name, ".tmp-"), strings.HasSuffix(name, "-wal"), strings.HasSuffix(name, "-shm"), strings.HasSuffix(name, "-journal"):
			t.Errorf("%s stays", path)
		case filepath.Dir(below) == "locks" && name != "place":
			t.Errorf("the lock file %s stays", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
