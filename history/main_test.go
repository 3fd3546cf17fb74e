package history_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/history"
)

// askVariable has the test binary answer a question about its process, and end.
const askVariable = "HISTORY_TEST_ASK"

func TestMain(m *testing.M) {
	switch asked := os.Getenv(askVariable); asked {
	case "":
		goleak.VerifyTestMain(m)
	case "owner":
		fmt.Print(history.Owner())
	default:
		fmt.Print(history.LivenessOf(asked))
	}
}
