package panics

import "errors"

// Worker calls users' functions as [Guard] does, one after the other in one
// goroutine. So the stack of the goroutine grows once, and not for each call. The
// goroutine begins with the first call, and ends with [Worker.Close]. The zero
// Worker is ready for use. It is not safe for concurrent use.
type Worker struct {
	calls   chan func() error
	results chan error
}

// Guard calls a user's function, waits for it, and returns the error that [Call]
// gives. The goroutine of the caller continues in every case. If a function ends the
// goroutine of the worker, the next call begins another one.
func (w *Worker) Guard(call func() error) error {
	if w.calls == nil {
		w.calls, w.results = make(chan func() error), make(chan error, 1)
		go work(w.calls, w.results)
	}
	w.calls <- call
	err := <-w.results
	if errors.Is(err, ErrGoexit) { // the goroutine has ended, unless the function has returned ErrGoexit as its error
		w.Close()
	}
	return err
}

// Close ends the goroutine. A later call begins another one.
func (w *Worker) Close() {
	if w.calls != nil {
		close(w.calls)
		w.calls = nil
	}
}

func work(calls <-chan func() error, results chan<- error) {
	for call := range calls {
		Call(call, func(err error) { results <- err })
	}
}
