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

// LimitPool bounds a pool as the fields of a [Config] say, for constructors of
// databases of a kind: at most maxConns connections, idle ones included (0 is
// 10, a negative number no bound), each closed after lifetime (0 is never) and
// once it has been idle for idleTime (0 is 5 minutes, a negative time never).
// Within that idle connections are kept: a new one costs a login, and some
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
