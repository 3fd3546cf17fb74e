//go:build !linux

package sqlite_test

import (
	"errors"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

func fillTheDisk(*sqlhistory.Store, string) error { return errors.ErrUnsupported }
