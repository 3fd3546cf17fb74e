package sqlhistory

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

var (
	_ history.Journals    = (*Store)(nil)
	_ history.EntryPruner = (*Store)(nil)
	_ history.Watcher     = (*Store)(nil)
)

const entryColumns = `entries.journal, entries.seq, entries.time, entries.kind, entries.state, entries.data, entries.claims, entries.releases`

// AppendEntries adds entries to their journals: see [history.Journals]. Calls that are made
// at the same time share a transaction, also with calls of Append.
func (s *Store) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if s.db.Writer == nil {
		return nil, fmt.Errorf("appending entries: %w", ErrReadOnly)
	}
	stored := make([]history.Entry, len(entries))
	asked := make([]int64, len(entries))
	for i, entry := range entries {
		asked[i] = entry.Seq
		var err error
		if stored[i], err = entry.Stored(); err != nil {
			return nil, fmt.Errorf("appending entries: %w", err)
		}
	}
	one := newCall(ctx)
	one.entries, one.askedEntries = stored, asked
	if err := s.append(one); err != nil {
		return nil, fmt.Errorf("appending entries: %w", err)
	}
	s.watchers.Wake()
	return stored, nil
}

// addEntries adds the entries of one call. The errors are those of add.
func (w *write) addEntries(entries []history.Entry) (refused, err error) {
	for i := range entries {
		refused, err := w.addEntry(&entries[i])
		if refused != nil && i > 0 {
			return nil, refused // earlier entries of the call are written
		}
		if refused != nil || err != nil {
			return refused, err
		}
	}
	return nil, nil
}

// addEntry adds one entry, and sets its sequence number. An entry that is refused changes
// nothing.
func (w *write) addEntry(entry *history.Entry) (refused, err error) {
	var last int64
	if err := w.store.insert.journal.QueryRow(entry.Journal).Scan(&last); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if entry.Seq == 0 {
		entry.Seq = last + 1
	}
	if entry.Seq != last+1 {
		same, err := w.hasEntry(*entry)
		if same || err != nil {
			return nil, err
		}
		return entry.Conflict(last), nil
	}
	for _, key := range entry.Claims {
		var count int
		if err := w.store.insert.hasKey.QueryRow(entry.Journal, key).Scan(&count); err != nil {
			return nil, err
		}
		if count > 0 && !slices.Contains(entry.Releases, key) {
			return entry.Reclaimed(key), nil
		}
	}
	return nil, w.insertEntry(*entry)
}

func (w *write) insertEntry(entry history.Entry) error {
	insert := w.store.insert
	for _, key := range entry.Releases {
		if _, err := insert.removeKey.Exec(entry.Journal, key); err != nil {
			return err
		}
	}
	for _, key := range entry.Claims {
		if _, err := insert.addKey.Exec(entry.Journal, key, entry.Seq); err != nil {
			return err
		}
	}
	claims, releases, err := listsOf(entry)
	if err != nil {
		return err
	}
	_, err = insert.addEntry.Exec(entry.Journal, entry.Seq, entry.Time.UnixMicro(), entry.Kind, string(entry.State),
		orNull(string(entry.Data)), claims, releases)
	if err != nil {
		return err
	}
	_, err = insert.setJournal.Exec(entry.Journal, entry.Seq)
	return err
}

// listsOf returns the keys of an entry as they are stored: as JSON, NULL for none.
func listsOf(entry history.Entry) (claims, releases sql.NullString, err error) {
	text := func(keys []string) sql.NullString {
		if len(keys) == 0 || err != nil {
			return sql.NullString{}
		}
		var array []byte
		array, err = json.Marshal(keys)
		return sql.NullString{String: string(array), Valid: true}
	}
	return text(entry.Claims), text(entry.Releases), err
}

// hasEntry reports whether the journal has an equal entry at the place of the entry.
func (w *write) hasEntry(entry history.Entry) (bool, error) {
	stored, err := scanEntry(w.store.insert.entry.QueryRow(entry.Journal, entry.Seq))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil && reflect.DeepEqual(stored, entry), err
}

func scanEntry(row scanner) (history.Entry, error) {
	var entry history.Entry
	var at sql.NullInt64
	var state, data, claims, releases sql.NullString
	if err := row.Scan(&entry.Journal, &entry.Seq, &at, &entry.Kind, &state, &data, &claims, &releases); err != nil {
		return history.Entry{}, err
	}
	entry.Time, entry.State = fromMicros(at), json.RawMessage(state.String)
	if data.Valid {
		entry.Data = json.RawMessage(data.String)
	}
	for _, list := range []struct {
		text sql.NullString
		into *[]string
	}{{claims, &entry.Claims}, {releases, &entry.Releases}} {
		if !list.text.Valid {
			continue
		}
		if err := json.Unmarshal([]byte(list.text.String), list.into); err != nil {
			return history.Entry{}, fmt.Errorf("entry %d of journal %s: %w", entry.Seq, entry.Journal, err)
		}
	}
	return entry, nil
}

// Entries returns the entries that the query asks for: see [history.Journals].
func (s *Store) Entries(ctx context.Context, query history.EntryQuery) ([]history.Entry, error) {
	if err := query.Check(); err != nil {
		return nil, err
	}
	question := fmt.Sprintf("entries %#v", query)
	answer, holds := s.ask(ctx, question)
	if holds {
		return []history.Entry{}, nil
	}
	var where condition
	from, order := ` FROM entries`, ` ORDER BY entries.position DESC`
	if query.Last {
		from = ` FROM journals ` + s.db.Join + ` entries ON entries.journal = journals.name AND entries.seq = journals.seq`
		order = ""
	}
	if query.Journal != "" {
		where.and("entries.journal = ?", query.Journal)
		order = ` ORDER BY entries.seq DESC`
	}
	if query.Before != 0 {
		where.and("entries.seq < ?", query.Before)
	}
	andIn(&where, "entries.kind", query.Kinds)
	text := `SELECT ` + entryColumns + from + where.clause() + order + limitClause(query.Limit)
	found := []history.Entry{}
	err := s.readRows(ctx, text, where.args, func(row scanner) error {
		entry, err := scanEntry(row)
		found = append(found, entry)
		return err
	}, func() { found = found[:0] })
	if err != nil {
		return nil, fmt.Errorf("reading entries: %w", err)
	}
	if len(found) == 0 {
		s.note(question, answer)
	}
	return found, nil
}

// readRows calls do with each row of a query. It calls begin before the first row, also
// when it reads again. An empty database has no rows.
func (s *Store) readRows(ctx context.Context, text string, args []any, do func(row scanner) error, begin func()) error {
	err := s.read(ctx, func(tx *sql.Tx) error {
		begin()
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		return eachRow(rows, do)
	})
	if errors.Is(err, errEmpty) {
		return nil
	}
	return err
}

// Claimed returns those of the keys that the journal has given: see [history.Journals].
func (s *Store) Claimed(ctx context.Context, journal string, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	list, err := s.db.List(keys)
	if err != nil {
		return nil, err
	}
	given := make(map[string]bool)
	text := `SELECT key FROM claimed_keys WHERE journal = ? AND key IN (SELECT value FROM (` + s.db.Texts + `) AS asked)`
	err = s.readRows(ctx, text, []any{journal, list}, func(row scanner) error {
		var key string
		err := row.Scan(&key)
		given[key] = true
		return err
	}, func() { clear(given) })
	if err != nil {
		return nil, fmt.Errorf("reading claimed keys: %w", err)
	}
	var claimed []string
	for _, key := range keys {
		if given[key] {
			claimed = append(claimed, key)
			delete(given, key)
		}
	}
	return claimed, nil
}

// PruneEntries removes old entries: see [history.EntryPruner]. Others write between its
// transactions. With an error it returns how many entries it had removed before.
func (s *Store) PruneEntries(ctx context.Context, before time.Time, kinds []string) (removed int, err error) {
	if len(kinds) == 0 {
		return 0, nil
	}
	if s.db.Writer == nil {
		return 0, fmt.Errorf("removing entries: %w", ErrReadOnly)
	}
	for after := int64(0); ; {
		var some []int64
		err := s.change(ctx, func(ctx context.Context, conn *sql.Conn) (err error) {
			if len(some) == 0 { // a repetition goes on with the same entries, which the first attempt may have removed
				some, err = oldEntries(ctx, conn, after, before, kinds)
			}
			if err != nil || len(some) == 0 {
				return err
			}
			list, err := s.db.List(some)
			if err != nil {
				return err
			}
			_, err = conn.ExecContext(ctx, `DELETE FROM entries WHERE position IN (`+s.db.Numbers+`)`, list)
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("removing entries: %w", err)
		}
		if len(some) == 0 {
			return removed, nil
		}
		removed, after = removed+len(some), some[len(some)-1]
	}
}

// oldEntries returns the positions of the next entries that PruneEntries removes.
func oldEntries(ctx context.Context, conn *sql.Conn, after int64, before time.Time, kinds []string) (positions []int64, err error) {
	var old condition
	old.and("position > ?", after)
	old.and("time < ?", before.UnixMicro())
	andIn(&old, "kind", kinds)
	old.and("seq <> (SELECT seq FROM journals WHERE name = journal)")
	rows, err := conn.QueryContext(ctx, `SELECT position FROM entries`+old.clause()+` ORDER BY position`+limitClause(prunedAtOnce), old.args...)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(row scanner) error {
		var position int64
		err := row.Scan(&position)
		positions = append(positions, position)
		return err
	})
	return positions, err
}

// Watch tells when something was appended through this store: see [history.Watcher].
func (s *Store) Watch() (appended <-chan struct{}, stop func()) { return s.watchers.Watch() }
