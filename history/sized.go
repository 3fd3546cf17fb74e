package history

import "context"

// Sized is an optional interface of a [Store] that knows its size. The stores of fxrun that
// keep a history in a database implement it.
type Sized interface {
	// Size returns how many bytes the history takes, with what its database keeps for it,
	// such as indexes. It is 0 for a history that does not exist yet.
	Size(ctx context.Context) (int64, error)
}
