package sqldb_test

import (
	"database/sql"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgrestest"
)

var server postgrestest.Server

func TestMain(m *testing.M) {
	sql.Register("telltale", tellTale{}) // once, whatever -count is
	sql.Register("fickle", &fickle{})
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}
