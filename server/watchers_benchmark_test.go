//go:build unix

package server_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/runs"
)

// BenchmarkTwoHundredWatchers measures the processor time of this process, which is that of
// the server and of its clients together, while 200 clients watch a run that logs four
// lines a second, and by how much the heap grows meanwhile.
func BenchmarkTwoHundredWatchers(b *testing.B) {
	const watchers = 200
	for b.Loop() {
		handler, launcher := handlerOf(b, talkative(120))
		site := httptest.NewServer(handler)
		run, err := launcher.Launch(b.Context(), runs.Request{Selection: "talkative"})
		if err != nil {
			b.Fatal(err)
		}
		transport := &http.Transport{MaxConnsPerHost: watchers}
		client := &http.Client{Transport: transport}
		var messages atomic.Int64
		var watching sync.WaitGroup
		for range watchers {
			watching.Go(func() {
				request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, site.URL+"/runs/"+run.ID()+"/live", nil)
				if err != nil {
					b.Error(err)
					return
				}
				answer, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				defer func() { _ = answer.Body.Close() }()
				for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
					if lines.Text() == "" {
						messages.Add(1)
					}
				}
			})
		}
		time.Sleep(5 * time.Second) // all are there
		heap, used, began := heapNow(), processorTime(b), time.Now()
		time.Sleep(20 * time.Second)
		b.ReportMetric(100*(processorTime(b)-used).Seconds()/time.Since(began).Seconds(), "%-of-a-core")
		b.ReportMetric(float64(int64(heapNow())-int64(heap))/1e6, "MB-grown")
		b.ReportMetric(float64(heap)/1e6, "MB-heap")
		if err := run.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
		watching.Wait()
		b.ReportMetric(float64(messages.Load())/watchers, "messages/watcher")
		transport.CloseIdleConnections()
		site.Close()
	}
}

func heapNow() uint64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return memory.HeapAlloc
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
