package iomanagers_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
)

func TestChecksOfNothingIsAFault(t *testing.T) {
	t.Parallel()
	_, err := container.New(container.Provide("warehouse", iomanagers.NewMemory, iomanagers.Checks(nil)))
	if !errors.Is(err, container.ErrInvalid) || !strings.HasSuffix(err.Error(), ": iomanagers.Checks(nil): it says nothing") {
		t.Errorf("got %v", err)
	}
}
