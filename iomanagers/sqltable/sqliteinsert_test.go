package sqltable_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"modernc.org/sqlite"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

type binary struct{ Data []byte }

// binariesAgain yields batches whose rows have their bytes in memory that is used again.
func binariesAgain(batches, each int) iter.Seq2[[]binary, error] {
	return func(yield func([]binary, error) bool) {
		rows := make([]binary, each)
		for b := range batches {
			for i := range rows {
				rows[i].Data = fmt.Appendf(rows[i].Data[:0], "%08d", b*each+i)
			}
			if !yield(rows, nil) {
				return
			}
		}
	}
}

func TestBytesInMemoryThatIsUsedAgainAreStoredAsTheyWereYielded(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		const batches, each = 3, 700 // a statement takes rows of two batches
		var want []binary
		for i := range batches * each {
			want = append(want, binary{fmt.Appendf(nil, "%08d", i)})
		}
		store(t, m, "binaries", "", binariesAgain(batches, each))
		expect(t, m, "binaries", "", want)
	})
}

func TestLargeRowsOfSQLiteKeepTheirOrder(t *testing.T) {
	t.Parallel()
	m := newManager(t, databases["SQLite"](t), sqltable.Config{})
	want := pairs(2500)
	for i := range want {
		want[i].First += strings.Repeat("x", 4000)
	}
	store(t, m, "pairs", "", want)
	expect(t, m, "pairs", "", want)
}

func TestTheFirstFaultOfAStoreInSQLiteIsItsError(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	store(t, m, "pairs", "", pairs(1))
	exec(t, db, "CREATE TRIGGER refusal BEFORE INSERT ON pairs WHEN NEW.second = 'second 5' BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END")
	for _, test := range []struct {
		name       string
		bad        int
		says, also string
	}{
		{"a row that the table refuses comes before one that is no value", 700, "refused by a trigger", ""},
		{"a row that is no value comes before one that the table refuses", 3, "row 3", "UTF-8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := pairs(2000)
			all[test.bad].First = "\xff"
			err := tryStore(t, m, "pairs", "", all)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), test.also) {
				t.Errorf("the error is %v, want one that says %q", err, test.says)
			}
			expect(t, m, "pairs", "", pairs(1))
		})
	}
}

func TestAPanicOfAStreamPassesThroughAStoreInSQLite(t *testing.T) {
	t.Parallel()
	m := newManager(t, databases["SQLite"](t), sqltable.Config{})
	store(t, m, "pairs", "", pairs(3))
	defer func() {
		if got := recover(); got != "in the stream" {
			t.Errorf("the panic is %v", got)
		}
		expect(t, m, "pairs", "", pairs(3))
	}()
	_ = tryStore(t, m, "pairs", "", iter.Seq2[[]pair, error](func(yield func([]pair, error) bool) {
		yield(pairs(1000), nil)
		panic("in the stream")
	}))
}

// checkingConnector opens connections that look at each value, as some drivers do.
type checkingConnector struct {
	driver.Connector
	checked *atomic.Int64
}

type sqliteConnection interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
}

type checkingConnection struct {
	sqliteConnection
	checked *atomic.Int64
}

var errOtherConnection = errors.New("the driver has other connections")

func (c checkingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := conn.(sqliteConnection)
	if !ok {
		return nil, errOtherConnection
	}
	return checkingConnection{whole, c.checked}, nil
}

func (c checkingConnection) CheckNamedValue(v *driver.NamedValue) (err error) {
	c.checked.Add(1)
	v.Value, err = driver.DefaultParameterConverter.ConvertValue(v.Value)
	return err
}

func TestADriverThatLooksAtEachValueSeesThoseOfTheRows(t *testing.T) {
	t.Parallel()
	connector, err := sqlite.NewConnector(filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	var checked atomic.Int64
	db := sql.OpenDB(checkingConnector{connector, &checked})
	defer db.Close()
	m, err := sqltable.New(db, sqltable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const n = 2500
	store(t, m, "pairs", "", pairs(n))
	expect(t, m, "pairs", "", pairs(n))
	if checked.Load() < 2*n {
		t.Errorf("it has looked at %d values", checked.Load())
	}
}

func TestACancelledStoreInSQLiteEndsWithTheErrorOfItsContext(t *testing.T) {
	t.Parallel()
	m := newManager(t, databases["SQLite"](t), sqltable.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := m.Store(ctx, iomanagers.Output{Asset: "pairs"}, iter.Seq2[[]pair, error](func(yield func([]pair, error) bool) {
		for i := 0; yield(pairs(1000), nil); i++ {
			if i == 3 {
				cancel()
			}
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
