package postgresaddress_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgresaddress"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

var server postgrestest.Server

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}

// connect makes a connection with a limit, and a proxy that can make the server silent.
func connect(t *testing.T, limit time.Duration) (*pgconn.PgConn, *postgrestest.FailingProxy) {
	t.Helper()
	p := new(postgrestest.FailingProxy)
	parsed, err := postgresaddress.Parse(postgrestest.StartProxy(t, server.Database(t), p.Serve))
	if err != nil {
		t.Fatal(err)
	}
	postgresaddress.EndSilence(&parsed.Config.Config, limit)
	conn, err := pgconn.ConnectConfig(t.Context(), &parsed.Config.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close(context.Background())
		<-conn.CleanupDone()
	})
	return conn, p
}

func execute(conn *pgconn.PgConn, statement string) error {
	_, err := conn.Exec(context.Background(), statement).ReadAll()
	return err
}

func TestEndSilence(t *testing.T) {
	t.Parallel()
	t.Run("ends a statement that is not answered after the limit, once", func(t *testing.T) {
		t.Parallel()
		conn, p := connect(t, 4*time.Second) // or a busy machine takes as long
		p.FailAfter(0, 0, 0)
		began := time.Now()
		if err := execute(conn, "SELECT 1"); !errors.Is(err, postgresaddress.ErrSilent) {
			t.Errorf("got %v", err)
		}
		if waited := time.Since(began); waited < 4*time.Second || waited > 7900*time.Millisecond {
			t.Errorf("it took %s", waited)
		}
	})
	t.Run("leaves an idle connection alone", func(t *testing.T) {
		t.Parallel()
		conn, _ := connect(t, 50*time.Millisecond)
		time.Sleep(200 * time.Millisecond)
		if err := execute(conn, "SELECT 1"); err != nil {
			t.Error(err)
		}
	})
	t.Run("leaves the end of a context to pgx", func(t *testing.T) {
		t.Parallel()
		conn, p := connect(t, time.Minute)
		p.FailAfter(0, 0, 0)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := conn.Exec(ctx, "SELECT 1").ReadAll(); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, postgresaddress.ErrSilent) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("can be left out for a while", func(t *testing.T) {
		t.Parallel()
		conn, _ := connect(t, 100*time.Millisecond)
		const slow = "SELECT pg_catalog.pg_sleep(0.5)"
		if err := postgresaddress.WithoutLimit(conn, func() error { return execute(conn, slow) }); err != nil {
			t.Error(err)
		}
		if err := execute(conn, slow); !errors.Is(err, postgresaddress.ErrSilent) {
			t.Errorf("got %v", err)
		}
	})
}
