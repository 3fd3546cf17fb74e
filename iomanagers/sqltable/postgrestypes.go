package sqltable

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
)

func (*postgreSQL) limits() limits { return limits{zero: true, times: time.Microsecond} }

func (*postgreSQL) columnType(c column) string {
	switch c.class {
	case integers:
		return map[int]string{16: "smallint", 32: "integer", 64: "bigint"}[c.bits]
	case floats:
		return map[int]string{32: "real", 64: "double precision"}[c.bits]
	case booleans:
		return "boolean"
	case blobs:
		return "bytea"
	case times:
		return "timestamp with time zone"
	case documents:
		return "jsonb"
	default:
		return "text"
	}
}

func (*postgreSQL) classOf(typ string) class {
	switch typ {
	case "smallint", "integer", "bigint":
		return integers
	case "real", "double precision":
		return floats
	case "boolean":
		return booleans
	case "text":
		return texts
	case "bytea":
		return blobs
	case "timestamp with time zone":
		return times
	case "jsonb", "json":
		return documents
	}
	switch name, _, _ := strings.Cut(typ, "("); name {
	case "character varying":
		return texts
	case "numeric":
		return decimals
	}
	return 0
}

// ownColumns are columns that every table of PostgreSQL has.
var ownColumns = []string{"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

// checkNames reports names that no column of PostgreSQL can have.
func checkNames(columns []column) error {
	var taken []string
	for _, c := range columns {
		if slices.Contains(ownColumns, c.name) {
			taken = append(taken, c.name)
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return fmt.Errorf("%w: PostgreSQL has columns of its own with the names %s: name others by db tags", iomanagers.ErrUnsupported, strings.Join(taken, ", "))
}
