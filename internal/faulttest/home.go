//go:build linux

package faulttest

import (
	"os"
	"testing"
)

// Home is what the processes of the suite have in common, and what the checker reads.
type Home struct {
	Folder  string       // of the values, and of what the graph notes
	Address string       // of the PostgreSQL database with the history; "" for a file in the folder
	Killed  map[int]bool // processes that the suite has killed, with SIGKILL
}

// MakeFolders makes the folders that the graph writes to.
func (h *Home) MakeFolders(t testing.TB) {
	t.Helper()
	for _, below := range []string{h.Markers(), h.Ledger()} {
		if err := os.Mkdir(below, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// Values is the folder of the values.
func (h *Home) Values() string { return valuesOf(h.Folder) }

// Markers is the folder in which there is a file for each resource that has started.
func (h *Home) Markers() string { return markersOf(h.Folder) }

// Ledger is the folder in which steps note that they have begun, and that they have ended.
func (h *Home) Ledger() string { return ledgerOf(h.Folder) }
