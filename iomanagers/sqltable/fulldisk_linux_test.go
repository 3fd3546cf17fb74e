package sqltable_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/fxrun/fxrun/internal/fulldisktest"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
)

func TestAFullDiskOfTemporaryFilesIsAnErrorThatSaysSo(t *testing.T) {
	if !fulldisktest.Alone(t) {
		return
	}
	want := large()
	m := newManager(t, databases["SQLite in memory"](t), sqltable.Config{})
	store(t, m, "orders", "", want[:100])
	fulldisktest.LimitFiles(t, 100<<10)
	err := tryStore(t, m, "orders", "", fromBatches(want))
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "until they are stored: write ") {
		t.Errorf("error %v, want %v", err, syscall.EFBIG)
	}
	expect(t, m, "orders", "", want[:100])
}
