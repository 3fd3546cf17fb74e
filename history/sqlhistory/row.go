package sqlhistory

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/fxrun/fxrun/history"
)

const (
	runColumns = `number, id, (SELECT max(seq) FROM events WHERE run = number), job, selection, tags, config, status, owner, queued,
		started, finished, cancel_requested, duration, error, stack, pruned, cluster,
		CASE WHEN status = 'queued' THEN (SELECT fields FROM events WHERE run = number AND seq = 1)
			WHEN finished IS NOT NULL THEN (SELECT fields FROM events WHERE run = number AND type = 'run_finished' ORDER BY seq DESC LIMIT 1)
			END`
	stepColumns = `run, key, status, attempt, started, duration, error, stack, because, progress, worker`
)

// scanner is one row of a result.
type scanner interface {
	Scan(into ...any) error
}

// eachRow calls do with every row until do returns an error, and then closes rows.
func eachRow(rows *sql.Rows, do func(row scanner) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanRun reads a row with the columns runColumns. It returns a record without
// steps.
func scanRun(row scanner) (number int64, r history.Record, err error) {
	var tags, config, cluster, last []byte
	var queued, started, finished, cancelRequested, pruned sql.NullInt64
	err = row.Scan(&number, &r.ID, &r.Seq, &r.Job, &r.Selection, &tags, &config, &r.Status, &r.Owner,
		&queued, &started, &finished, &cancelRequested, &r.Duration, &r.Error.Message, &r.Error.Stack, &pruned, &cluster, &last)
	if err != nil {
		return 0, history.Record{}, err
	}
	if err := readEvent(&r, last); err != nil {
		return 0, history.Record{}, err
	}
	if err := json.Unmarshal(tags, &r.Tags); err != nil {
		return 0, history.Record{}, err
	}
	if len(cluster) > 0 {
		if err := json.Unmarshal(cluster, &r.Cluster); err != nil {
			return 0, history.Record{}, err
		}
	}
	r.Config = config
	r.Queued, r.Started = fromMicros(queued), fromMicros(started)
	r.Finished, r.CancelRequested, r.Pruned = fromMicros(finished), fromMicros(cancelRequested), fromMicros(pruned)
	return number, r, nil
}

// readEvent sets what the row of a run has no columns for, since it stands in an event
// that is found at once: the first event of a queued run, or the end of one that has
// ended. There is no such event in the row of another run.
func readEvent(r *history.Record, fields []byte) error {
	switch {
	case r.Status == history.StatusQueued && len(fields) > 0:
		var queued history.RunQueued
		if err := json.Unmarshal(fields, &queued); err != nil {
			return err
		}
		r.Takeable, r.NotBefore = queued.Takeable, queued.NotBefore
	case bytes.Contains(fields, []byte(`"left"`)):
		var finished history.RunFinished
		if err := json.Unmarshal(fields, &finished); err != nil {
			return err
		}
		r.Left = finished.Left
	}
	return nil
}

// scanStep reads a row with the columns stepColumns.
func scanStep(row scanner) (run int64, s history.StepRecord, err error) {
	var started sql.NullInt64
	var progress, worker sql.NullString
	err = row.Scan(&run, &s.Key, &s.Status, &s.Attempt, &started, &s.Duration,
		&s.Error.Message, &s.Error.Stack, &s.Because, &progress, &worker)
	s.Started, s.Worker = fromMicros(started), worker.String
	if err == nil && progress.Valid {
		err = json.Unmarshal([]byte(progress.String), &s.Progress)
	}
	return run, s, err
}

// storedProgress returns the progress of a step as JSON. It is NULL for none.
func storedProgress(progress history.Progress) (sql.NullString, error) {
	if progress == (history.Progress{}) {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(progress)
	return sql.NullString{String: string(text), Valid: true}, err
}

// storedCluster returns the cluster of a run as JSON. It is NULL for none.
func storedCluster(cluster history.Cluster) (sql.NullString, error) {
	if cluster == (history.Cluster{}) {
		return sql.NullString{}, nil
	}
	text, err := json.Marshal(cluster)
	return sql.NullString{String: string(text), Valid: true}, err
}

// micros returns a time as it is stored. The zero time is NULL.
func micros(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

// microsFrom returns the first time that can be stored and is not before t.
func microsFrom(t time.Time) int64 { return t.Add(time.Microsecond - time.Nanosecond).UnixMicro() }

func fromMicros(stored sql.NullInt64) time.Time {
	if !stored.Valid {
		return time.Time{}
	}
	return time.UnixMicro(stored.Int64).UTC()
}

// orNull returns a text as it is stored in a column in which the empty text is
// NULL.
func orNull(text string) sql.NullString {
	return sql.NullString{String: text, Valid: text != ""}
}
