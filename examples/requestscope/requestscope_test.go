package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts the application over a database file of its own.
func serve(t *testing.T) (url, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "ledger.db")
	var server *Server
	app := fxtest.New(t, Application(), fx.NopLogger,
		fx.Supply(sqlite.Config{Path: file}, Address("127.0.0.1:0")), fx.Populate(&server))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return server.URL(), file
}

func send(ctx context.Context, client *http.Client, method, url string, body io.Reader) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(text)), err
}

func TestTwoHundredRequestsAtOnce(t *testing.T) {
	url, file := serve(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	t.Cleanup(client.CloseIdleConnections)
	tenants := []string{"acme", "globex", "initech", "umbrella"}

	var wg sync.WaitGroup
	var mu sync.Mutex
	kept := make(map[string]int64) // what the server said that it kept
	for i := range 200 {
		tenant := tenants[i%len(tenants)]
		amount := int64(10)
		switch i % 5 {
		case 1:
			amount = -1_000_000 // overdraws: written, then rolled back
		case 2:
			wg.Go(func() { sendAndLeave(t.Context(), client, url+"/flaky/deposits") })
			continue
		}
		wg.Go(func() {
			status, answer, err := send(t.Context(), client, http.MethodPost, url+"/"+tenant+"/deposits", strings.NewReader(fmt.Sprint(amount)))
			switch {
			case err != nil:
				t.Error(err)
			case amount < 0 && status != http.StatusConflict:
				t.Errorf("overdrawing: %d %s", status, answer)
			case amount > 0 && status != http.StatusOK:
				t.Errorf("depositing: %d %s", status, answer)
			case amount > 0:
				mu.Lock()
				kept[tenant] += amount
				mu.Unlock()
			}
		})
	}
	wg.Wait()

	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, tenant := range tenants {
		status, answer, err := send(t.Context(), client, http.MethodGet, url+"/"+tenant+"/balance", http.NoBody)
		if err != nil || status != http.StatusOK || answer != fmt.Sprint(kept[tenant]) || kept[tenant] == 0 {
			t.Errorf("%s: the balance is %s (%d, %v), %d were acknowledged", tenant, answer, status, err, kept[tenant])
		}
		var stored int64
		if err := db.QueryRowContext(t.Context(), `SELECT SUM(amount) FROM deposits WHERE tenant = ?`, tenant).Scan(&stored); err != nil || stored != kept[tenant] {
			t.Errorf("%s: the file holds %d (%v)", tenant, stored, err)
		}
	}
}

// sendAndLeave deposits 10 and goes away as soon as all of the request is on
// its way. Whether it is kept is for chance to decide; half of it never is.
func sendAndLeave(ctx context.Context, client *http.Client, url string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, _, _ = send(ctx, client, http.MethodPost, url, io.MultiReader(strings.NewReader("10"), leaving{cancel}))
}

// leaving is an empty end of a body, at which the client goes away.
type leaving struct{ leave func() }

func (l leaving) Read([]byte) (int, error) {
	l.leave()
	return 0, io.EOF
}

func TestRequestOfNoTenant(t *testing.T) {
	url, _ := serve(t)
	client := &http.Client{}
	t.Cleanup(client.CloseIdleConnections)
	status, answer, err := send(t.Context(), client, http.MethodGet, url+"/UPPER/balance", http.NoBody)
	if err != nil || status != http.StatusBadRequest || !strings.Contains(answer, `"UPPER" is no tenant's name`) {
		t.Errorf("got %d %s (%v)", status, answer, err)
	}
}
