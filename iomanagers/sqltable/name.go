package sqltable

import (
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
	"unicode/utf8"
)

// longestName is how many bytes of a name PostgreSQL looks at.
const longestName = 63

// catalogName is the table that says what is stored.
const catalogName = "fxrun_values"

// plainKey matches keys that are table names once their slashes are double
// underscores: no segment holds two underscores in a row, or one at its ends.
var plainKey = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*(/[a-z0-9]+(_[a-z0-9]+)*)*$`)

// tableName returns the name of an asset's table, another one for each asset. A plain key
// keeps its words; any other name has three underscores in a row, which no plain one has.
func tableName(prefix, asset string) string {
	if plainKey.MatchString(asset) {
		name := prefix + strings.ReplaceAll(asset, "/", "__")
		if len(name) <= longestName && !isReserved(name) && name != prefix+catalogName {
			return name
		}
	}
	sum := sha256.Sum256([]byte(asset))
	mark := "___" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
	words := readable(asset)
	if isReserved(prefix + words) {
		words = "t_" + words
	}
	words = words[:min(len(words), longestName-len(prefix)-len(mark))]
	return prefix + strings.TrimRight(words, "_") + mark
}

var unreadable = regexp.MustCompile(`[^a-z0-9]+`)

// readable returns what can be read of a key in a name that begins with a letter.
func readable(asset string) string {
	words := strings.Trim(unreadable.ReplaceAllString(strings.ToLower(asset), "_"), "_")
	if words == "" || words[0] < 'a' {
		words = strings.TrimRight("t_"+words, "_")
	}
	return words
}

// isReserved says that a database has names like this for itself.
func isReserved(name string) bool {
	return strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pg_")
}

// isTemporary says that the tables of a schema end with the connection, or are a database's
// own.
func isTemporary(schema string) bool {
	schema = strings.ToLower(schema)
	return schema == "temp" || schema == "information_schema" || strings.HasPrefix(schema, "pg_") || strings.HasPrefix(schema, "sqlite_")
}

// escapeKey writes a key as text that every database can hold, and no other key in the
// same way: bytes that are no UTF-8, control characters and the percent sign as a
// percent sign and two digits.
func escapeKey(key string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(key); {
		r, size := utf8.DecodeRuneInString(key[i:])
		if r >= ' ' && r != 0x7f && r != '%' && (r != utf8.RuneError || size > 1) {
			b.WriteString(key[i : i+size])
		} else {
			b.Write([]byte{'%', hex[key[i]>>4], hex[key[i]&15]})
		}
		i += size
	}
	return b.String()
}

// quote writes a name as SQL.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// qualified writes the name of a table in a schema, or in the connection's own.
func qualified(schema, name string) string {
	if schema == "" {
		return quote(name)
	}
	return quote(schema) + "." + quote(name)
}
