package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/iomanagers"
)

// querier is a connection or a transaction.
type querier interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// storedColumn is a column that a table has.
type storedColumn struct {
	name string
	typ  string // as the database says it
}

func (c storedColumn) String() string { return "the column " + c.name + " (" + c.typ + ")" }

// storedColumns are the columns of a table; none if there is no such table.
type storedColumns []storedColumn

func readColumns(ctx context.Context, q querier, query string, args ...any) (storedColumns, error) {
	found, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var columns storedColumns
	for found.Next() {
		var c storedColumn
		if err := found.Scan(&c.name, &c.typ); err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, found.Err()
}

func (s storedColumns) find(name string) (storedColumn, bool) {
	i := slices.IndexFunc(s, func(c storedColumn) bool { return c.name == name })
	if i < 0 {
		return storedColumn{}, false
	}
	return s[i], true
}

// check reports what of the wanted columns the table can't give.
func (s storedColumns) check(wanted []column, classOf func(typ string) class) error {
	var missing []string
	var faults []error
	for _, w := range wanted {
		stored, ok := s.find(w.name)
		if !ok {
			missing = append(missing, w.name)
			continue
		}
		if !gives(classOf(stored.typ), w.class) {
			faults = append(faults, fmt.Errorf("%w: the column %s is %s, not %v", iomanagers.ErrType, w.name, stored.typ, w.class))
		}
	}
	if len(missing) > 0 {
		faults = append(faults, fmt.Errorf("%w: the table has no column %s", iomanagers.ErrType, strings.Join(missing, ", ")))
	}
	return errors.Join(faults...)
}

// gives says that a column may have values for a field. The values are looked at one by one.
func gives(have, wanted class) bool {
	return have == wanted ||
		have == texts && wanted == documents ||
		have == decimals && (wanted == integers || wanted == floats || wanted == texts)
}

// change is what a table needs before rows can be put into it.
type change int

const (
	nothing   change = iota
	creation         // there is no table
	addition         // of columns
	unfitting        // columns are of another type, or too many
)

// compare says what the table needs to take exactly the wanted columns.
func (s storedColumns) compare(wanted []storedColumn) change {
	if len(s) == 0 {
		return creation
	}
	needs := nothing
	for _, w := range wanted {
		stored, ok := s.find(w.name)
		switch {
		case !ok:
			needs = max(needs, addition)
		case stored.typ != w.typ:
			return unfitting
		}
	}
	if needs == nothing && len(s) > len(wanted) {
		return unfitting
	}
	return needs
}

// mismatch says which columns of a table that other partitions share are of another type.
func (s storedColumns) mismatch(wanted []storedColumn) error {
	var faults []error
	for _, w := range wanted {
		if stored, ok := s.find(w.name); ok && stored.typ != w.typ {
			faults = append(faults, fmt.Errorf("%w: the column %s is %s in other partitions, not %s: rename the field, or change the column", iomanagers.ErrType, w.name, stored.typ, w.typ))
		}
	}
	return errors.Join(faults...)
}

// columnsFor returns the columns that rows need in the table of a place, of the types that the database
// has for them.
func (p place) columnsFor(s *schema, stored storedColumns, typeOf func(c column) string) []storedColumn {
	var columns []storedColumn
	for _, c := range s.columns {
		columns = append(columns, storedColumn{c.name, typeOf(c)})
	}
	if _, shared := stored.find(partitionColumn); shared || p.partition != "" {
		columns = append(columns, storedColumn{partitionColumn, typeOf(column{class: texts})})
	}
	return columns
}

func hasPartitions(columns []storedColumn) bool {
	return slices.ContainsFunc(columns, func(c storedColumn) bool { return c.name == partitionColumn })
}

// columnList writes names as SQL.
func columnList(columns []column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = quote(c.name)
	}
	return strings.Join(names, ", ")
}

// definitions writes columns of a CREATE TABLE.
func definitions(columns []storedColumn) string {
	written := make([]string, len(columns))
	for i, c := range columns {
		written[i] = definition(c)
	}
	return strings.Join(written, ", ")
}

func definition(c storedColumn) string {
	text := quote(c.name) + " " + c.typ
	switch c.name {
	case partitionColumn:
		return text + " NOT NULL DEFAULT ''"
	case rowColumn:
		return text + " NOT NULL"
	}
	return text
}

// foreign is the error for a table that the manager did not make.
func (p place) foreign() error {
	return fmt.Errorf("%w: there is a table %s that is not listed in %s, and it is left alone: rename it, or set another prefix or schema", iomanagers.ErrUnsupported, p.table, p.catalog)
}

// catalogDefinition makes the table that says what is stored.
func (p place) catalogDefinition(timestamp string) string {
	return `CREATE TABLE IF NOT EXISTS ` + p.catalog + ` (asset text NOT NULL, partition text NOT NULL, table_name text NOT NULL, ` +
		quote("rows") + ` bigint NOT NULL, run_id text NOT NULL, stored_at ` + timestamp + ` NOT NULL, columns text NOT NULL, PRIMARY KEY (asset, partition))`
}

var numbered = regexp.MustCompile(`\$\d+`)

// sql writes a statement, with parameters numbered in the order in which they come, for
// the place's database.
func (p place) sql(statement string) string {
	if !p.questionMarks {
		return statement
	}
	return numbered.ReplaceAllLiteralString(statement, "?")
}

// list notes in the catalog that the place holds a value, in a table of these columns.
func (p place) list(ctx context.Context, q querier, rows int, columns storedColumns) error {
	_, err := q.ExecContext(ctx, p.sql(`INSERT INTO `+p.catalog+` AS c (asset, partition, table_name, `+quote("rows")+`, run_id, stored_at, columns)
		VALUES ($1, $2, $3, $4, $5, CURRENT_TIMESTAMP, $6)
		ON CONFLICT (asset, partition) DO UPDATE SET `+quote("rows")+` = excluded.`+quote("rows")+`, run_id = excluded.run_id, stored_at = excluded.stored_at, columns = excluded.columns`),
		p.asset, p.partition, p.name, rows, p.runID, columns.record())
	return err
}

// isListed says whether the place holds a value. Its error is that of a value which is not the
// wanted run's.
func (p place) isListed(ctx context.Context, q querier) (bool, error) {
	var runID string
	err := q.QueryRowContext(ctx, p.sql(`SELECT run_id FROM `+p.catalog+` WHERE asset = $1 AND partition = $2`), p.asset, p.partition).Scan(&runID)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case p.wanted.MadeBy != "" && runID != escapeKey(p.wanted.MadeBy):
		return true, iomanagers.Replaced(runID)
	}
	return true, p.wanted.CheckMadeBy(p.wanted.MadeBy)
}

// describer says what columns a table has, and what a column may hold.
type describer interface {
	columns(ctx context.Context, q querier, p place) (storedColumns, error)
	classOf(typ string) class
}

// stored returns the columns of the table that holds the value of the place, if they can give
// the rows of a schema. Its error is [iomanagers.ErrNotFound] if there is no value.
func (p place) stored(ctx context.Context, q querier, d describer, s *schema) (storedColumns, error) {
	if listed, err := p.isListed(ctx, q); err != nil {
		return nil, err
	} else if !listed {
		return nil, iomanagers.ErrNotFound
	}
	stored, err := d.columns(ctx, q, p)
	if err == nil && len(stored) == 0 {
		err = iomanagers.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return stored, stored.check(s.columns, d.classOf)
}

// selection returns the query for the rows of the place, in no order.
func (p place) selection(columns string, stored storedColumns) (query string, args []any) {
	query = "SELECT " + columns + " FROM " + p.table
	if _, shared := stored.find(partitionColumn); shared {
		query += p.sql(" WHERE " + quote(partitionColumn) + " = $1")
		args = append(args, p.partition)
	}
	return query, args
}

// listed is what the catalog says of the values that share the place's table, which are those
// of the asset's partitions.
type listed struct {
	all, others int           // the values, and those of other partitions
	columns     storedColumns // of the table, when the manager changed it last
}

func (p place) listed(ctx context.Context, q querier) (found listed, err error) {
	var record string
	err = q.QueryRowContext(ctx, p.sql(`SELECT count(*), coalesce(sum(CASE WHEN partition <> $1 THEN 1 ELSE 0 END), 0), coalesce(max(columns), '') FROM `+p.catalog+` WHERE asset = $2`),
		p.partition, p.asset).Scan(&found.all, &found.others, &record)
	if err == nil && found.all > 0 {
		found.columns, err = columnsOfRecord(record)
	}
	return found, err
}

// prepare gives the table the wanted columns, and says whether it had to change it. Its error is
// that of mayChange, with nothing done, if a change is needed and not allowed.
func prepare(ctx context.Context, q querier, p place, stored storedColumns, wanted []storedColumn, mayChange func() error) (changed bool, err error) {
	needs := stored.compare(wanted)
	found, err := p.listed(ctx, q)
	if err != nil {
		return false, err
	}
	if needs != creation {
		if found.all == 0 {
			return false, p.foreign()
		}
		if err := p.checkUnaltered(found.columns, stored); err != nil {
			return false, err
		}
	}
	statements, err := p.changes(needs, found.others > 0, stored, wanted)
	if err != nil || len(statements) == 0 {
		return false, err
	}
	if err := mayChange(); err != nil {
		return false, err
	}
	for _, statement := range statements {
		if _, err := q.ExecContext(ctx, statement); err != nil {
			return false, fmt.Errorf("changing the columns of table %s: %w", p.table, err)
		}
	}
	return true, nil
}

// changes are the statements that give the table the wanted columns.
func (p place) changes(needs change, shared bool, stored storedColumns, wanted []storedColumn) ([]string, error) {
	create := "CREATE TABLE " + p.table + " (" + definitions(wanted) + ")"
	switch {
	case needs == nothing:
		return nil, nil
	case needs == creation:
		return []string{create}, nil
	case !shared:
		return []string{"DROP TABLE " + p.table, create}, nil
	}
	if err := stored.mismatch(wanted); err != nil {
		return nil, err
	}
	var statements []string
	for _, w := range wanted {
		if _, ok := stored.find(w.name); !ok {
			statements = append(statements, "ALTER TABLE "+p.table+" ADD COLUMN "+definition(w))
		}
	}
	return statements, nil // none if the table has columns that this partition lacks
}

// noteColumns notes for all values of the table that the manager has changed its columns.
func (p place) noteColumns(ctx context.Context, q querier, columns storedColumns) error {
	_, err := q.ExecContext(ctx, p.sql(`UPDATE `+p.catalog+` SET columns = $1 WHERE asset = $2`), columns.record(), p.asset)
	return err
}
