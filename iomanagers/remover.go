package iomanagers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/iomanagers/internal/filekey"
)

// Remover is implemented by managers that can remove the values below a key. fxrun removes the
// values of ops in this way when it removes their run from the history: the key of such a value
// begins with a tilde, the run and a slash. Without the method these values stay for ever.
type Remover interface {
	// RemoveBelow removes the values of all assets whose keys begin with prefix and a slash, of
	// all partitions and in all formats. It is no error if there are none. If it fails, it may
	// have removed some of them, and can be called again. Streams that are being read may fail.
	RemoveBelow(ctx context.Context, prefix string) error
}

var (
	_ Remover = (*MemoryManager)(nil)
	_ Remover = (*CodecManager)(nil)
)

// RemoveBelow removes the values below a key: see [Remover].
func (m *MemoryManager) RemoveBelow(ctx context.Context, prefix string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("removing the values below %s: %w", prefix, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.values {
		if strings.HasPrefix(key.asset, prefix+"/") {
			delete(m.values, key)
		}
	}
	return nil
}

// FolderPlace is a [Place] that can remove all objects of a folder. Over such a place a
// [CodecManager] can remove the values of ops: see [Remover].
type FolderPlace interface {
	Place

	// RemoveFolder removes all objects whose names begin with the given name and a slash. It is
	// no error if there are none.
	RemoveFolder(ctx context.Context, name string) error
}

// RemoveBelow removes the values below a key: see [Remover]. If the place is no [FolderPlace],
// the error matches [ErrUnsupported].
func (m *CodecManager) RemoveBelow(ctx context.Context, prefix string) error {
	err := ctx.Err()
	if place, ok := m.place.(FolderPlace); !ok {
		err = fmt.Errorf("%w: the place of its objects cannot remove folders", ErrUnsupported)
	} else if prefix == "" {
		err = errors.New("the key is empty") // never the folder of all values
	} else if err == nil {
		err = place.RemoveFolder(ctx, filekey.Path(prefix, ""))
	}
	if err != nil {
		return fmt.Errorf("removing the values below %s: %w", prefix, err)
	}
	return nil
}
