package inspect

import (
	"context"

	"github.com/fxrun/fxrun/history"
)

// StoreSize returns how many bytes the history takes in its database. It is 0 if that is not
// known, as of a history in memory.
func (i *Inspector) StoreSize(ctx context.Context) (int64, error) {
	sized, ok := i.store.(history.Sized)
	if !ok {
		return 0, nil
	}
	return sized.Size(ctx)
}
