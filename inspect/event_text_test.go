package inspect_test

import (
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

func TestTextsOfEvents(t *testing.T) {
	t.Parallel()
	request := func(reason, by string, within time.Duration) string {
		return inspect.CancelRequestText(history.RunCancelRequested{Reason: reason, By: by, Within: within}, time.Duration.String)
	}
	usage := func(cpu time.Duration, memory int64) string {
		return inspect.UsageText(history.Usage{CPU: cpu, Memory: memory}, time.Duration.String)
	}
	name := func(asset, partition string) string {
		return inspect.ValueName(history.AssetMaterialized{Asset: asset, Partition: partition})
	}
	for want, got := range map[string]string{
		"wrong table (by me@home), running steps may go on for 5s": request("wrong table", "me@home", 5*time.Second),
		"wrong table":                          request("wrong table", "a process", 0),
		"(by me@home)":                         request("", "me@home", 0),
		"running steps may go on for 1m0s":     request("", "", time.Minute),
		"":                                     request("", "", 0) + usage(0, 0),
		", processor time 2s":                  usage(2*time.Second, 0),
		", processor time 0s, memory 1.0 kB":   usage(0, 1000),
		", processor time 2s, memory 256.0 MB": usage(2*time.Second, 256_000_000),
		"orders":                               name("orders", ""),
		"orders[2026-11-30]":                   name("orders", "2026-11-30"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
