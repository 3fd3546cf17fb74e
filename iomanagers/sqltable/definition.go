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
	// Schema is the schema of the tables. The first Store makes it if it does not exist. Empty
	// means the schema of the connection, which is the first one in PostgreSQL's search_path.
	// In SQLite, Schema is the name of an attached database. A schema whose tables end with the
	// connection, such as temp or pg_temp, is refused.
	Schema string `json:"schema" desc:"schema of the tables; empty for the connection's own"`
	// Prefix begins the name of every table: lower-case letters, digits and
	// underscores, 20 at most.
	Prefix string `json:"prefix" desc:"begins the name of every table"`
	// LockTimeout is the longest time that a Store waits in PostgreSQL until nobody reads the
	// table, if it has to change the columns of the table. During this time all other users of
	// the table wait too. Zero means a minute.
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
	if isTemporary(c.Schema) {
		faults = append(faults, fmt.Errorf("schema: %q is temporary or a database's own: values there would be lost", c.Schema))
	}
	if !prefixPattern.MatchString(c.Prefix) || isReserved(c.Prefix) {
		faults = append(faults, fmt.Errorf("prefix: %q is not a letter and up to 19 of a-z, 0-9 and underscore, or is a database's own", c.Prefix))
	}
	if c.LockTimeout < 0 {
		faults = append(faults, fmt.Errorf("lock_timeout: %v is negative", c.LockTimeout))
	}
	return errors.Join(faults...)
}

// Tables defines a resource with this key that is a [Manager]. Assets name it with assets.IO,
// and the key "io_manager" is their default. It needs the *sqldb.DB of the container.
//
// A launch may set the fields of its config, and so may the environment variables KEY_SCHEMA,
// KEY_PREFIX and KEY_LOCK_TIMEOUT, with KEY in upper case.
//
// If there are several databases in the container, provide the manager on the database with
// the key warehouse in this way:
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
		iomanagers.Checks(checker{}),
		iomanagers.StoredTogether("tables of the *sqldb.DB"),
		container.Describe("stores rows as SQL tables"))
}
