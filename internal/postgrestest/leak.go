package postgrestest

import "go.uber.org/goleak"

// Closing ignores the goroutine in which pgx closes a connection on which a call was
// cancelled. It asks the server to cancel the call, and waits for the answer: at most 15
// seconds, and longer than a test on a busy server.
func Closing() goleak.Option {
	return goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn.(*PgConn).asyncClose.func1")
}
