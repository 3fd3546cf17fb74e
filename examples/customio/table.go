package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// TableConfig says which table it is.
type TableConfig struct {
	Name string `required:"true" pattern:"^[a-z_]+$" desc:"table of the values; it is made if need be"`
}

// NewTable returns an IO manager that keeps values in a table. Only a place for
// named bytes has to be written. The CodecManager adds formats, partitions, streams
// and errors.
func NewTable(lc fx.Lifecycle, cfg TableConfig, db *sqldb.DB) (*iomanagers.CodecManager, error) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		_, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+cfg.Name+" (name TEXT PRIMARY KEY, bytes BLOB)")
		return err
	}))
	return iomanagers.NewCodecManager(&table{cfg.Name, db})
}

// table is an iomanagers.Place: a row for each value.
type table struct {
	name string
	db   *sqldb.DB
}

// Create collects what is written, and stores it as a row at the end.
func (t *table) Create(ctx context.Context, name string) (iomanagers.Draft, error) {
	return &draft{commit: func(value []byte) error {
		_, err := t.db.ExecContext(ctx, "REPLACE INTO "+t.name+" VALUES (?, ?)", name, value)
		return err
	}}, nil
}

type draft struct {
	bytes.Buffer

	commit func(value []byte) error
}

func (d *draft) Commit() error { return d.commit(d.Bytes()) }
func (d *draft) Abort() error  { return nil }

func (t *table) Open(ctx context.Context, name string) (iomanagers.Content, error) {
	var value []byte
	err := t.db.QueryRowContext(ctx, "SELECT bytes FROM "+t.name+" WHERE name = ?", name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return content{bytes.NewReader(value)}, nil
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (t *table) Remove(ctx context.Context, names ...string) error {
	for _, name := range names {
		if _, err := t.db.ExecContext(ctx, "DELETE FROM "+t.name+" WHERE name = ?", name); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) Path(name string) string { return t.name + "/" + name }
