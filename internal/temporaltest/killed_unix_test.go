//go:build unix

package temporaltest_test

import (
	"net"
	"os/exec"
	"testing"

	"github.com/fxrun/fxrun/internal/killedtest"
	"github.com/fxrun/fxrun/internal/temporaltest"
)

func TestAKilledTestLeavesNoServer(t *testing.T) {
	t.Parallel()
	temporaltest.New(t) // or skip
	killedtest.Check(t, func(t *testing.T) *exec.Cmd { return child(t) }, "address ", func(_ *testing.T, address string) bool {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		_ = connection.Close()
		return true
	})
}
