package parquetcodec

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// worthParallel is how many values make it worth to use several goroutines.
const worthParallel = 512

// inParallel calls do for the n columns, in as many goroutines as there are processors if the
// columns have many rows, and waits for all of them.
func inParallel(n, rows int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	if workers == 1 || rows*n < worthParallel {
		for i := range n {
			do(i)
		}
		return
	}
	var taken atomic.Int64
	work := func() {
		for i := int(taken.Add(1)) - 1; i < n; i = int(taken.Add(1)) - 1 {
			do(i)
		}
	}
	var others sync.WaitGroup
	for range workers - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}
