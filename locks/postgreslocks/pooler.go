package postgreslocks

import "github.com/fxrun/fxrun/internal/postgresaddress"

// ErrSharedSession is matched by the error of locks whose address leads to a pooler that
// gives one session of the server to several clients. A lock would then belong to whoever
// has the session next.
var ErrSharedSession = postgresaddress.ErrSharedSession
