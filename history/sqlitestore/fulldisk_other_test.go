//go:build !linux

package sqlitestore_test

import (
	"errors"

	"github.com/fxrun/fxrun/history/sqlitestore"
)

func fillTheDisk(*sqlitestore.Store, string) error { return errors.ErrUnsupported }
