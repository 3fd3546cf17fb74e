// Package sqltable keeps the values of assets as tables of an SQL database, SQLite or
// PostgreSQL. Assets store and load rows, and every other program can query the tables.
//
//	container.Provide("warehouse", postgres.New, container.Config(postgres.Config{}, container.FromEnv("WAREHOUSE"))),
//	sqltable.Tables("io_manager", sqltable.Config{Schema: "analytics"}),
//
// [Tables] defines a resource that is a [Manager] on the *sqldb.DB of the container. [New]
// makes a Manager on any pool of database/sql.
//
// # Rows and columns
//
// A value consists of rows of a struct type, in one of the forms of package rows. The exported
// fields are the columns. The name of a column is the `db` tag of the field, or the name of
// the field in snake case (CustomerID is customer_id). The tag `db:"-"` leaves a field out.
// The fields of embedded structs are columns too.
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
// Structs, maps and slices without the tag `json` are refused, because nested data should be
// in a table of its own, or be stored as JSON on purpose. Values that a column cannot hold
// exactly are refused with iomanagers.ErrUnsupported: numbers above the largest int64, times
// outside the years 1 to 9999, text that is not UTF-8, NaN in SQLite, and in PostgreSQL text
// with a zero byte, times finer than a microsecond (time.Time.Truncate makes them fit), and
// columns with the names that PostgreSQL has for its own, such as xmin. SQLite keeps -0 as 0,
// which Go takes for equal.
//
// A Load gives what the columns hold, or refuses it with iomanagers.ErrType, the row and the
// column: NULL for a field that is not a pointer, a number that the field cannot hold exactly,
// and text that is not UTF-8. This holds for what other programs have written too. A NUMERIC
// column, which the manager never makes, gives whole numbers to fields of integers, numbers of
// few enough digits to fields of floats, and in PostgreSQL all its digits to fields of text.
//
// # Tables
//
// The asset raw/orders is the table raw__orders. Keys of lower-case words become names in this
// way. The table of another key, or of a key that is too long, has a name with a readable
// part, three underscores and 128 bits of the SHA-256 of the key. The partitions of an asset
// share its table, and the column _partition tells them apart. An asset without partitions
// does not have this column. In PostgreSQL the column _row keeps the order of the rows. The
// table fxrun_values (after the prefix) lists what is stored, by which run, and when. The
// manager never changes a table that is not listed there. A load that wants the value of one run
// (Input.MadeBy) compares that run with the list, in the transaction that reads the rows.
//
// A Store replaces the value in one transaction. If a step stores several values by managers on
// one database, one transaction replaces all of them. A Load or a query at the same time sees
// either the old rows or the new ones. If the columns have changed and the table has no other
// partitions, the table is made again, which drops its indexes and the rights on it. If it has
// other partitions, new columns are added, which are NULL in the old rows, and a column of
// another type is refused. A Load needs the columns of its type, and ignores other columns.
//
// In PostgreSQL, the rows are stored by COPY if the pool was opened by package
// modules/sqldb/postgres. They are stored by INSERT over any other pool, and into a table that has
// rules or is under policies for rows, for which COPY does not do the same. Triggers are called in
// both cases.
//
// A stored value survives what a commit of the database survives. PostgreSQL keeps it in a power
// failure unless synchronous_commit is off, and SQLite unless PRAGMA synchronous is below FULL,
// its default, which package modules/sqldb/sqlite does not change.
//
// The tables of the values of ops, whose keys begin with a tilde, are dropped when their run is
// removed from the history: see [Manager.RemoveBelow].
//
// If somebody else has added, removed or retyped columns of a table, a Store refuses to touch it
// and names them. Views and indexes on a table do not matter.
package sqltable
