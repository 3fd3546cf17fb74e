//go:build unix

package postgrestest_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"github.com/fxrun/fxrun/internal/killedtest"
)

func TestAKilledTestLeavesNoServer(t *testing.T) {
	t.Parallel()
	server.Database(t) // or skip
	killedtest.Check(t, func(t *testing.T) *exec.Cmd { return child(t) }, "folder ", func(t *testing.T, folder string) bool {
		_, err := os.Stat(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		return err == nil
	})
}
