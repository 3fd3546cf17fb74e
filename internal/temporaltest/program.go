package temporaltest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Version of the program temporal that ./test builds.
const Version = "1.5.1"

// Variable of the environment that says which program temporal to use, instead of the one
// that ./test has built and of the one on PATH.
const Variable = "FXRUN_TEMPORAL_CLI"

// ErrNotInstalled says that there is no program temporal.
var ErrNotInstalled = errors.New("this needs the program temporal: ./test builds it; it is also looked for on PATH, and in " + Variable)

// FindProgram returns the path of the program temporal.
func FindProgram() (string, error) {
	if named := os.Getenv(Variable); named != "" {
		path, err := exec.LookPath(named)
		if err != nil {
			return "", fmt.Errorf("%w; %s is %s", ErrNotInstalled, Variable, named)
		}
		return path, nil
	}
	if cache, err := os.UserCacheDir(); err == nil {
		if path, err := exec.LookPath(filepath.Join(cache, "fxrun", "temporal-"+Version, "temporal")); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath("temporal")
	if err != nil {
		return "", ErrNotInstalled
	}
	return path, nil
}
