package sqlite

import (
	"context"
	"errors"
	"io/fs"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
)

// Folder is the history in a folder. It is opened when it is first used. Reading it
// neither creates nor changes a file, and a folder without a history is an empty
// history. The first Append opens it as [Open] does.
//
// It is safe for concurrent use. The caller of [NewFolder] closes it.
type Folder struct{ *sqlhistory.Lazy }

var (
	_ history.Store  = (*Folder)(nil)
	_ history.Latest = (*Folder)(nil)
)

// NewFolder returns the history in the folder with the given name. It does not
// check whether the folder exists.
func NewFolder(name string) *Folder {
	return &Folder{sqlhistory.NewLazy("run history in "+name,
		func(ctx context.Context) (*sqlhistory.Store, error) { return Open(ctx, name) },
		func(ctx context.Context) (*sqlhistory.Store, error) {
			store, err := OpenForReading(ctx, name)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, nil //nolint:nilnil // nothing to read is no error
			}
			return store, err
		})}
}
