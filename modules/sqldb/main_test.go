package sqldb_test

import (
	"database/sql"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	sql.Register("telltale", tellTale{}) // once, whatever -count is
	goleak.VerifyTestMain(m)
}
