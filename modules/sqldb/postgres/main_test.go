package postgres_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgrestest"
)

var server postgrestest.Server

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}
