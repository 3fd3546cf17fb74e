package sqltable

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// Config is the configuration of a [Manager]. Its zero value is ready for use.
type Config struct {
	// Schema is the schema of the tables, made at the first Store if it isn't there. Empty means
	// the connection's own: the first of PostgreSQL's search_path. In SQLite it is the
	// name of an attached database.
	Schema string `json:"schema" desc:"schema of the tables; empty for the connection's own"`
	// Prefix begins the name of every table: lower-case letters, digits and
	// underscores, 20 at most.
	Prefix string `json:"prefix" desc:"begins the name of every table"`
	// LockTimeout bounds how long a Store that has to change a table's columns waits, in
	// PostgreSQL, for those who read the table. Everybody else waits behind it. Zero means a
	// minute.
	LockTimeout time.Duration `json:"lock_timeout" split_words:"true" default:"1m" desc:"how long a change of columns waits for readers (PostgreSQL)"`
}

const defaultLockTimeout = time.Minute

var prefixPattern = regexp.MustCompile(`^([a-z][a-z0-9_]{0,19})?$`)

// Validate reports everything that is wrong with the config.
func (c Config) Validate() error {
	var faults []error
	if len(c.Schema) > longestName || strings.ContainsRune(c.Schema, 0) {
		faults = append(faults, fmt.Errorf("schema: %q is no name of at most %d bytes", c.Schema, longestName))
	}
	if !prefixPattern.MatchString(c.Prefix) || isReserved(c.Prefix) {
		faults = append(faults, fmt.Errorf("prefix: %q is not a letter and up to 19 of a-z, 0-9 and underscore, or is a database's own", c.Prefix))
	}
	if c.LockTimeout < 0 {
		faults = append(faults, fmt.Errorf("lock_timeout: %v is negative", c.LockTimeout))
	}
	return errors.Join(faults...)
}

// Tables makes a [Manager] the resource called key, which assets name by assets.IO; the
// key "io_manager" is their default. It needs the container's *sqldb.DB.
//
// A launch may set the fields of its config, as may the environment variables KEY_SCHEMA,
// KEY_PREFIX and KEY_LOCK_TIMEOUT, KEY in upper case.
//
// With several databases in the container, provide the manager on the one called
// warehouse like this:
//
//	type in struct {
//		fx.In
//		DB *sqldb.DB `name:"warehouse"`
//	}
//	container.Provide("io_manager",
//		func(cfg sqltable.Config, in in) (*sqltable.Manager, error) { return sqltable.New(in.DB.DB, cfg) },
//		container.Config(sqltable.Config{}), container.As[iomanagers.IOManager]())
func Tables(key string, config Config) container.Resource {
	return container.Provide(key,
		func(cfg Config, db *sqldb.DB) (*Manager, error) { return New(db.DB, cfg) },
		container.Config(config, container.FromEnv(strings.ToUpper(strings.ReplaceAll(key, "-", "_")))),
		container.As[iomanagers.IOManager](),
		container.Static(checker{}),
		container.Describe("stores rows as SQL tables"))
}
