package temporal_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgrestest"
)

var database postgrestest.Server

// TestMain is also the main function of the processes that the tests start.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := beProcess(role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		database.Stop()
		os.Exit(code)
	}))
}
