package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// statements are the statements that Append executes. They are prepared once, on
// the connection that writes. Transactions of database/sql are not used, since each
// of them starts a goroutine and prepares BEGIN and COMMIT again.
type statements struct {
	begin     *sql.Stmt
	commit    *sql.Stmt
	rollback  *sql.Stmt
	changed   *sql.Stmt // nil if the database cannot tell
	runState  *sql.Stmt // id: number, seq
	event     *sql.Stmt // run, seq: time, type, fields
	addRun    *sql.Stmt // gives the number of the run
	addTag    *sql.Stmt
	addStep   *sql.Stmt
	addEvent  *sql.Stmt
	setRun    *sql.Stmt
	setStep   *sql.Stmt
	loadRun   *sql.Stmt // number: runColumns
	loadSteps *sql.Stmt // number: stepColumns

	journal    *sql.Stmt // name: seq of its last entry
	setJournal *sql.Stmt
	entry      *sql.Stmt // journal, seq: entryColumns
	addEntry   *sql.Stmt
	hasKey     *sql.Stmt
	addKey     *sql.Stmt
	removeKey  *sql.Stmt
}

func prepare(ctx context.Context, conn *sql.Conn, begin, changed string) (*statements, error) {
	s := &statements{}
	for _, one := range []struct {
		into **sql.Stmt
		text string
	}{
		{&s.begin, begin},
		{&s.commit, `COMMIT`},
		{&s.rollback, `ROLLBACK`},
		{&s.changed, changed},
		{&s.runState, `SELECT number, (SELECT max(seq) FROM events WHERE run = number) FROM runs WHERE id = ?`},
		{&s.event, `SELECT time, type, fields FROM events WHERE run = ? AND seq = ?`},
		{&s.addRun, `INSERT INTO runs (id, job, selection, tags, config, status, owner, queued,
			duration, error, stack) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, '', '') RETURNING number`},
		{&s.addTag, `INSERT INTO run_tags (key, value, run) VALUES (?, ?, ?)`},
		{&s.addStep, `INSERT INTO steps (run, key, position, status, attempt, duration, error, stack, because)
			VALUES (?, ?, ?, ?, 0, 0, '', '', '')`},
		{&s.addEvent, `INSERT INTO events (run, seq, time, type, asset, partition, fields) VALUES (?, ?, ?, ?, ?, ?, ?)`},
		{&s.setRun, `UPDATE runs SET status = ?, owner = ?, cluster = ?, started = ?, finished = ?,
			cancel_requested = ?, duration = ?, error = ?, stack = ? WHERE number = ?`},
		{&s.setStep, `UPDATE steps SET status = ?, attempt = ?, started = ?, duration = ?,
			error = ?, stack = ?, because = ?, progress = ?, worker = ? WHERE run = ? AND key = ?`},
		{&s.loadRun, `SELECT ` + runColumns + ` FROM runs WHERE number = ?`},
		{&s.loadSteps, `SELECT ` + stepColumns + ` FROM steps WHERE run = ? ORDER BY position`},
		{&s.journal, `SELECT seq FROM journals WHERE name = ?`},
		{&s.setJournal, `INSERT INTO journals (name, seq) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq`},
		{&s.entry, `SELECT ` + entryColumns + ` FROM entries WHERE journal = ? AND seq = ?`},
		{&s.addEntry, `INSERT INTO entries (journal, seq, time, kind, state, data, claims, releases) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.hasKey, `SELECT count(*) FROM claimed_keys WHERE journal = ? AND key = ?`},
		{&s.addKey, `INSERT INTO claimed_keys (journal, key, seq) VALUES (?, ?, ?)`},
		{&s.removeKey, `DELETE FROM claimed_keys WHERE journal = ? AND key = ?`},
	} {
		if one.text == "" {
			continue
		}
		statement, err := conn.PrepareContext(ctx, one.text) //nolint:sqlclosecheck // kept until close
		if err != nil {
			return nil, errors.Join(fmt.Errorf("preparing %q: %w", one.text, err), s.close())
		}
		*one.into = statement
	}
	return s, nil
}

func (s *statements) close() error {
	var errs []error
	for _, statement := range []*sql.Stmt{
		s.begin, s.commit, s.rollback, s.changed, s.runState, s.event, s.addRun, s.addTag, s.addStep, s.addEvent,
		s.setRun, s.setStep, s.loadRun, s.loadSteps,
		s.journal, s.setJournal, s.entry, s.addEntry, s.hasKey, s.addKey, s.removeKey,
	} {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(errs...)
}
