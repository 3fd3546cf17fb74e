package main

import (
	"flag"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/bench"
)

func TestWritePrintsARowForEachContender(t *testing.T) { // not parallel: it sets a flag, as main does
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	small := plan{shapes: []bench.Shape{bench.FanIn}, sizes: []size{{1, 4}, {4, 4}}, memory: size{4, 4}, start: time.Millisecond, declared: 10}
	if err := write(&out, small, 1); err != nil {
		t.Fatal(err)
	}
	got, _, _ := strings.Cut(out.String(), "\n\n")
	numbers := regexp.MustCompile(`[\d.]+ (µs|ms|s|B|kB|MB) \|`)
	want := `| Open, use and close a fan-in: needed of declared | 1 of 4 | 4 of 4 | memory, 4 of 4 |
|---|--:|--:|--:|`
	for _, contender := range bench.Contenders() {
		want += "\n| " + contender.Name + " | N | N | N |"
	}
	if diff := cmp.Diff(want, numbers.ReplaceAllString(got, "N |")); diff != "" {
		t.Errorf("the first table (-want +got):\n%s", diff)
	}
}

func TestFiguresHaveThreeDigits(t *testing.T) {
	t.Parallel()
	got := []string{
		duration(168 * time.Nanosecond), duration(2104 * time.Nanosecond), duration(806_924 * time.Nanosecond),
		duration(15_664_809 * time.Nanosecond), duration(1500 * time.Millisecond),
		bytes(88), bytes(1800), bytes(142_053), bytes(7_348_903), thousands(999), thousands(1_234_056),
	}
	want := []string{
		"0.17 µs", "2.10 µs", "807 µs", "15.7 ms", "1.50 s",
		"88.0 B", "1.80 kB", "142 kB", "7.35 MB", "999", "1,234,056",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
}
