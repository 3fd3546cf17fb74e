package postgreslocks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

// pooler passes the queries of all its clients to one session of a server, as PgBouncer
// does in the mode "transaction" with a pool of one session.
type pooler struct {
	listener net.Listener
	clients  sync.WaitGroup

	mu     sync.Mutex
	server *pgconn.HijackedConn
}

func startPooler(t *testing.T, address string) *pooler {
	t.Helper()
	connection, err := pgconn.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	server, err := connection.Hijack()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pooler{listener: listener, server: server}
	p.clients.Go(p.serve)
	t.Cleanup(func() {
		_ = listener.Close()
		p.clients.Wait()
		_ = server.Conn.Close()
	})
	return p
}

func (p *pooler) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.clients.Go(func() {
			defer func() { _ = client.Close() }()
			_ = p.talk(pgproto3.NewBackend(client, client))
		})
	}
}

func (p *pooler) talk(client *pgproto3.Backend) error {
	if _, err := client.ReceiveStartupMessage(); err != nil {
		return err
	}
	client.Send(&pgproto3.AuthenticationOk{})
	client.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	for {
		if err := client.Flush(); err != nil {
			return err
		}
		message, err := client.Receive()
		if err != nil {
			return err
		}
		query, ok := message.(*pgproto3.Query)
		if !ok {
			return fmt.Errorf("the pooler of the test knows no %T", message)
		}
		if err := p.pass(client, query); err != nil {
			return err
		}
	}
}

// pass passes a query to the server, and the answer to the client.
func (p *pooler) pass(client *pgproto3.Backend, query *pgproto3.Query) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server.Frontend.Send(query)
	if err := p.server.Frontend.Flush(); err != nil {
		return err
	}
	for {
		answer, err := p.server.Frontend.Receive()
		if err != nil {
			return err
		}
		client.Send(answer)
		if _, ready := answer.(*pgproto3.ReadyForQuery); ready {
			return nil
		}
		if err := client.Flush(); err != nil { // before the next answer takes its memory
			return err
		}
	}
}

func TestAPoolerThatSharesSessionsIsRefused(t *testing.T) {
	t.Parallel()
	direct := server.Database(t)
	pooled, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	pooled.Host = startPooler(t, direct).listener.Addr().String()
	pooled.RawQuery = "sslmode=disable"
	database := open(t, pooled.String())
	for name, ask := range map[string]func(context.Context) error{
		"TryLock": func(ctx context.Context) error { _, err := database.TryLock(ctx, "a"); return err },
		"Held":    func(ctx context.Context) error { _, err := database.Held(ctx, "a"); return err },
		"Place":   func(ctx context.Context) error { _, err := database.Place(ctx); return err },
	} {
		if err := ask(t.Context()); !errors.Is(err, postgreslocks.ErrSharedSession) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestPlaceNamesTheDatabaseAndTheSchema(t *testing.T) {
	t.Parallel()
	address := server.Database(t)
	place := func(address string) string {
		t.Helper()
		found, err := open(t, address).Place(t.Context())
		if err != nil || found == "" {
			t.Fatalf("the place is %q, %v", found, err)
		}
		return found
	}
	separator := "?"
	if parsed, err := url.Parse(address); err == nil && parsed.RawQuery != "" {
		separator = "&"
	}
	apart := address + separator + "search_path=other"
	first := place(address)
	if again := place(address); again != first {
		t.Errorf("one database is %q and %q", first, again)
	}
	for _, other := range []string{apart, server.Database(t)} {
		if found := place(other); found == first {
			t.Errorf("two places are called %q", found)
		}
	}
	if _, err := open(t, address).TryLock(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, apart).TryLock(t.Context(), "a"); err != nil {
		t.Errorf("another schema has the same lock: %v", err)
	}
	if _, err := open(t, address).TryLock(t.Context(), "a"); !errors.Is(err, locks.ErrHeld) {
		t.Errorf("the same lock is not held: %v", err)
	}
}
