package sqlite_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// Whatever is damaged, nothing panics, and a file that is no history any more stays as it is.
func TestAnyDamageIsSurvived(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(filepath.Join("testdata", "version_5.db"))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	whole[18], whole[19] = 2, 2 // it has a write-ahead log, as every file in use
	refused := 0
	for seed := range uint64(150) {
		random := rand.New(rand.NewPCG(seed, 0))
		content := bytes.Clone(whole)
		switch seed % 3 {
		case 0: // some bytes of a page
			at := random.IntN(len(content)/page) * page
			for range 1 + random.IntN(64) {
				content[at+random.IntN(page)] = byte(random.Uint32())
			}
		case 1: // a page of noise
			at := random.IntN(len(content)/page) * page
			for i := range page {
				content[at+i] = byte(random.Uint32())
			}
		case 2:
			content = content[:random.IntN(len(content))]
		}
		folder := t.TempDir()
		file := filepath.Join(folder, sqlite.FileName)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if reader, err := sqlite.OpenForReading(t.Context(), folder); err == nil {
			_, _ = reader.Runs(t.Context(), history.RunQuery{})
			_, _ = reader.Events(t.Context(), history.EventQuery{})
			_, _ = reader.LatestMaterializations(t.Context(), []string{"orders", "clients"})
			_, _ = reader.Prunable(t.Context(), history.Retention{FinishedBefore: time.Now()})
			_ = reader.Close()
		}
		if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, content) {
			t.Fatalf("damage %d: reading has changed the file, %v", seed, err)
		}
		store, err := sqlite.Open(t.Context(), folder)
		if err != nil {
			if refused++; !errors.Is(err, sqlhistory.ErrDamaged) && !errors.Is(err, sqlhistory.ErrForeign) && !errors.Is(err, sqlhistory.ErrNewerSchema) {
				t.Logf("damage %d gives another error: %v", seed, err)
			}
			if now, failed := os.ReadFile(file); failed != nil || !bytes.Equal(now, content) {
				t.Errorf("damage %d: the file that was refused has changed, %v: %v", seed, failed, err)
			}
			continue
		}
		_, _ = store.Append(t.Context(), queued("another"))
		_, _ = store.Prune(t.Context(), "r1")
		_, _ = store.Runs(t.Context(), history.RunQuery{})
		_ = store.Close()
	}
	if refused < 20 {
		t.Errorf("only %d of 150 damaged files were refused", refused)
	}
}
