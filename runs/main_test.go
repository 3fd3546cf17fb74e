package runs_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, postgrestest.Closing()) }
