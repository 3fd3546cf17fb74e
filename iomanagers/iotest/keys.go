package iotest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

func missingIsNotFound(t *testing.T, s Subject) {
	s.expectMissing(t, "raw/orders", "")
	s.store(t, "raw/orders", "", s.Value(0))
	for _, key := range []string{"raw", "orders", "raw/orders/x", "raw/order", "raw/orders2", ""} {
		s.expectMissing(t, key, "")
	}

	partition := ""
	if s.Can&Partitions != 0 {
		partition = "2026-01-02"
	}
	_, err := s.load(t.Context(), "daily/sales", partition, s.Value(0))
	if !errors.Is(err, iomanagers.ErrNotFound) {
		t.Fatalf("loading what was never stored gives error %v, want iomanagers.ErrNotFound", err)
	}
	for _, part := range []string{"daily/sales", partition} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q doesn't name %q", err, part)
		}
	}
}

func partitionsAreApart(t *testing.T, s Subject) {
	if s.Can&Partitions == 0 {
		value := s.Value(0)
		if err := s.Manager.Store(t.Context(), s.output("orders", "2026-01-02", value), value); !errors.Is(err, iomanagers.ErrUnsupported) {
			t.Errorf("storing a partition gives error %v, want iomanagers.ErrUnsupported", err)
		}
		if _, err := s.load(t.Context(), "orders", "2026-01-02", value); !errors.Is(err, iomanagers.ErrUnsupported) {
			t.Errorf("loading a partition gives error %v, want iomanagers.ErrUnsupported", err)
		}
		return
	}
	partitions := append([]string{"2026-01-02", "2026-01-03", "2026-01-02/x", "partition=2026-01-02"}, awkwardKeys()...)
	for i, partition := range partitions {
		s.expectMissing(t, "orders", partition)
		s.store(t, "orders", partition, s.Value(i))
	}
	// Assets whose names look like partitions, and partitions of an asset with no name.
	s.expectMissing(t, "orders/2026-01-02", "")
	s.expectMissing(t, "orders/partition=2026-01-02", "")
	s.expectMissing(t, "orders[2026-01-02]", "")
	s.expectMissing(t, "", "2026-01-02")
	s.store(t, "orders/2026-01-02", "", s.Value(len(partitions)))
	for i, partition := range partitions {
		s.expect(t, "orders", partition, s.Value(i))
	}
}

// awkwardKeys returns keys that differ from each other and that a careless manager takes
// for one another, or for something else than a name. The first is the empty one.
func awkwardKeys() []string {
	return []string{
		"", ".", "..", "../orders", "../../etc/passwd", "/", "/etc/passwd", "a", "A", "a/b", "a//b", "a/b/", "/a/b", "a%2Fb", "a%2fb", "a\\b",
		"a/./b", "a/../b", "a.b", "a.json", "a.csv", ".a", "a.", "a b", " a", "a ", "a\tb", "a\nb", "a\x00b", "a+b", "a:b", "a*b", "a?b", "a=b",
		"a~b", "~", "!a", "%", "%25", "-", "-rf", "con", "CON", "nul", "com1", "caf\u00e9", "cafe\u0301", "\u00c9", "漢字", "\U0001F600", "\xff", "$HOME", "`id`", "'", `"`,
		strings.Repeat("long", 100), strings.Repeat("long", 100) + "x", strings.Repeat("LONG", 100), strings.Repeat("ü", 300),
		strings.Repeat("deep/", 100) + "x",
	}
}

func awkwardKeysAreApart(t *testing.T, s Subject) {
	keys := awkwardKeys()
	for i, key := range keys {
		s.expectMissing(t, key, "")
		s.store(t, key, "", s.Value(i))
	}
	for i, key := range keys {
		t.Run(fmt.Sprintf("%.40q", key), func(t *testing.T) { s.expect(t, key, "", s.Value(i)) })
	}
}
