package sqltable

import "context"

// sqliteIndex is an index on columns of a table, without the names of the index and the table.
type sqliteIndex struct {
	unique  bool
	columns string // as SQL
}

// on is the statement that gives the index to a temporary table.
func (i sqliteIndex) on(table, name string) string {
	create := "CREATE INDEX "
	if i.unique {
		create = "CREATE UNIQUE INDEX "
	}
	return create + qualified("temp", name) + " ON " + quote(table) + " (" + i.columns + ")"
}

// standing is what stands on a table.
type standing struct {
	indexes []sqliteIndex // on columns
	more    bool          // triggers, and indexes on something else than columns
}

// standingOn returns what stands on the table of a place: nothing if there is no table.
func (d *sqLite) standingOn(ctx context.Context, q querier, p place) (on standing, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) > 0 FROM "+qualified(p.schema, "sqlite_schema")+
		" WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE", p.name).Scan(&on.more)
	if err != nil {
		return standing{}, err
	}
	found, err := q.QueryContext(ctx, `SELECT i.seq, i."unique", i.origin = 'c' AND NOT i.partial AND c.cid >= 0, coalesce(c.name, ''), c.coll, c."desc"
		FROM pragma_index_list(?1, ?2) AS i, pragma_index_xinfo(i.name, ?2) AS c WHERE c."key" ORDER BY i.seq, c.seqno`, p.name, p.schema)
	if err != nil {
		return standing{}, err
	}
	defer found.Close()
	for last := -1; found.Next(); {
		var number int
		var unique, plain, descends bool
		var column, collation string
		if err := found.Scan(&number, &unique, &plain, &column, &collation, &descends); err != nil {
			return standing{}, err
		}
		column = quote(column) + " COLLATE " + quote(collation)
		if descends {
			column += " DESC"
		}
		on.more = on.more || !plain
		if number == last {
			on.indexes[len(on.indexes)-1].columns += ", " + column
		} else {
			on.indexes = append(on.indexes, sqliteIndex{unique: unique, columns: column})
		}
		last = number
	}
	return on, found.Err()
}
