package cli

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

// storeVariable names the database of the history in the environment.
const storeVariable = "FXRUN_STORE"

// keptHistory is the history of a program whose definitions provide none.
type keptHistory interface {
	history.Store

	// make makes what is missing. A run does this before anything starts, since it
	// must not begin if its history cannot be kept.
	make(ctx context.Context) error
	// locks returns the locks of the processes with this history.
	locks() locks.Locker
	// about says where the history is, without secrets.
	about() string
	Close() error
}

// openHistory returns the history that the flag --store or the environment names, or the
// one in a folder if they name none.
func openHistory(flag *string, folder string) (keptHistory, error) {
	address, setting := os.Getenv(storeVariable), storeVariable
	if flag != nil && *flag != "" {
		address, setting = *flag, "--store"
	}
	if address == "" {
		if strings.HasPrefix(folder, "~") {
			return nil, invalid("opening the run history", "in %s, which FXRUN_HOME names: only a shell replaces the tilde: give the whole path, or %s for a folder of this name", folder, "./"+folder)
		}
		return newHomeStore(folder), nil
	}
	lazy, err := postgres.New(address)
	if err != nil {
		return nil, invalid("opening the run history", "in the database that %s names: %w", setting, err)
	}
	locker, err := postgreslocks.New(address)
	if err != nil {
		return nil, invalid("opening the run history", "in the database that %s names: %w", setting, err)
	}
	return &databaseStore{lazy, locker, setting}, nil
}

// databaseStore is the history in a database. Its errors say which setting names the
// database.
type databaseStore struct {
	*sqlhistory.Lazy
	locker  *postgreslocks.Database
	setting string
}

func (d *databaseStore) locks() locks.Locker { return d.locker }

func (d *databaseStore) about() string { return "the PostgreSQL database that " + d.setting + " names" }

// Close closes the history, and then the locks, which tell others that it is in use.
func (d *databaseStore) Close() error { return errors.Join(d.Lazy.Close(), d.locker.Close()) }

func (d *databaseStore) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	found, err := d.Lazy.Runs(ctx, query)
	return found, d.explained(err)
}

func (d *databaseStore) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	found, err := d.Lazy.Events(ctx, query)
	return found, d.explained(err)
}

func (d *databaseStore) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	found, err := d.Lazy.LatestMaterializations(ctx, assets)
	return found, d.explained(err)
}

func (d *databaseStore) make(ctx context.Context) error {
	_, err := d.Append(ctx) // which opens it
	return d.explained(err)
}

// explained names the setting in an error of the database.
func (d *databaseStore) explained(err error) error {
	if err == nil || errors.Is(err, history.ErrNotFound) || errors.Is(err, context.Canceled) {
		return err
	}
	return &settingError{d.setting, err}
}

type settingError struct {
	setting string
	err     error
}

func (s *settingError) Error() string {
	return "using the database that " + s.setting + " names: " + s.err.Error()
}
func (s *settingError) Unwrap() error { return s.err }
