package sqldb

import (
	"database/sql"
	"time"
)

// What a pool has where its config says nothing.
const (
	defaultMaxConns        = 10
	defaultConnMaxIdleTime = 5 * time.Minute
)

// LimitPool sets the limits of a pool, with the meaning of the fields of a [Config].
// Packages for one kind of database use it. A pool has at most maxConns
// connections, idle ones included (0 means 10, a negative number means no limit).
// Each connection is closed after lifetime (0 means never), and after it has been
// idle for idleTime (0 means 5 minutes, a negative time means never). Within these
// limits idle connections are kept, because a new one costs a login, and on some
// servers a process.
func LimitPool(pool *sql.DB, maxConns int, lifetime, idleTime time.Duration) {
	if maxConns == 0 {
		maxConns = defaultMaxConns
	}
	if idleTime == 0 {
		idleTime = defaultConnMaxIdleTime
	}
	kept := maxConns
	if maxConns < 0 {
		kept = defaultMaxConns
	}
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(kept)
	pool.SetConnMaxLifetime(lifetime)
	pool.SetConnMaxIdleTime(idleTime)
}
