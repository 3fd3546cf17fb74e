// Package sqltable keeps the values of assets as tables of an SQL database, SQLite or
// PostgreSQL: rows in, rows out, and in between tables that everybody can query.
//
//	container.Provide("warehouse", postgres.New, container.Config(postgres.Config{}, container.FromEnv("WAREHOUSE"))),
//	sqltable.Tables("io_manager", sqltable.Config{Schema: "analytics"}),
//
// [Tables] makes a [Manager] a resource on the *sqldb.DB of the container; [New] makes one
// by hand on any database/sql pool.
//
// # Rows and columns
//
// A value is rows of a struct: a slice or a stream, as package rows has them. Its exported
// fields are columns, named by their `db` tag or in snake case (CustomerID is
// customer_id), `db:"-"` leaves one out, and the fields of embedded structs are columns too.
//
//	int, int8 ... uint64, time.Duration   bigint or narrower    INTEGER
//	float32, float64                      real, double precision  REAL
//	bool                                  boolean               BOOLEAN
//	string                                text                  TEXT
//	[]byte                                bytea                 BLOB
//	time.Time                             timestamptz           DATETIME, text in UTC
//	encoding.TextMarshaler + Unmarshaler  text                  TEXT
//	any of them as a pointer              nil is NULL
//	any type, tagged `db:"name,json"`     jsonb                 TEXT
//
// Structs, maps and slices without that tag are refused: what is nested belongs into a
// table of its own, or is JSON on purpose. So are values that a column can't hold exactly,
// with iomanagers.ErrUnsupported: numbers above the largest int64, NaN in SQLite, text with
// a zero byte or that is no UTF-8 in PostgreSQL, times outside the years 1 to 9999, and in
// PostgreSQL times finer than a microsecond (time.Time.Truncate makes them fit).
//
// # Tables
//
// The asset raw/orders is the table raw__orders. Keys of lower-case words keep their
// name like this; others, and those that are too long, get a readable part, three
// underscores and 128 bits of the key's SHA-256. Partitions of an asset share its table,
// told apart by the column _partition, which an asset without partitions doesn't have.
// In PostgreSQL the column _row keeps the order of the rows. What is stored, by which run
// and when, stands in the table fxrun_values (after the prefix); a table that isn't listed there is never
// touched.
//
// A Store replaces the value in one transaction: whoever reads meanwhile, by a Load or by
// a query, sees the old rows or the new ones. Where the columns have changed the table is
// made anew if it holds nothing else, which drops indexes and rights on it; beside other
// partitions new columns are added, NULL in the old ones, and a column of another type is refused.
// A Load needs the columns of its type and ignores others.
package sqltable
