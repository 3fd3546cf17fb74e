package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
)

// interrupts hears the wishes to stop: signals, and the end of the caller's
// context. It must be closed.
type interrupts struct {
	// ctx ends at the first wish.
	ctx context.Context
	// second is closed at the second wish.
	second chan struct{}

	signals chan os.Signal
	pipe    chan os.Signal
	closing chan struct{}
	done    chan struct{}
}

// listen begins to hear. A context of the caller that has ended already is the
// first wish.
func listen(caller context.Context) *interrupts {
	ctx, cancel := context.WithCancelCause(caller)
	i := &interrupts{
		ctx: ctx, second: make(chan struct{}), signals: make(chan os.Signal, 2), pipe: make(chan os.Signal, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	for _, asked := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(asked) { // as under nohup
			signal.Notify(i.signals, asked)
		}
	}
	go i.hear(caller.Done(), cancel)
	return i
}

// survivePipe keeps the process alive when the reader of its output goes away, as
// head does: what runs must be torn down first.
func (i *interrupts) survivePipe() { signal.Notify(i.pipe, syscall.SIGPIPE) }

// signalError is the cause of the end of a context that a signal has ended.
type signalError struct{ os.Signal }

func (s signalError) Error() string { return "by a signal (" + s.String() + ")" }

// hear waits for two wishes. The context has the end of the caller's context from
// that one itself.
func (i *interrupts) hear(callerEnded <-chan struct{}, cancel context.CancelCauseFunc) {
	defer close(i.done)
	defer cancel(nil)
	for range 2 {
		select {
		case <-i.closing:
			return
		case received := <-i.signals:
			cancel(signalError{received})
		case <-callerEnded:
			callerEnded = nil
		}
	}
	close(i.second)
}

// wish says who had the first wish, after it.
func (i *interrupts) wish() string {
	if by, ok := errors.AsType[signalError](context.Cause(i.ctx)); ok {
		return by.Error()
	}
	return "by the caller"
}

func (i *interrupts) close() {
	signal.Stop(i.signals)
	signal.Stop(i.pipe)
	close(i.closing)
	<-i.done
}

// during calls do with the context that ends at the first wish, and waits until
// do returns. At the first wish it calls note, unless that wish was there before.
// At the second wish it leaves do behind and returns errAbandoned.
func (i *interrupts) during(do func(context.Context) error, note func()) error {
	first := i.ctx.Done()
	if i.ctx.Err() != nil {
		first = nil
	}
	returned := make(chan error, 1)
	go panics.Call(func() error { return do(i.ctx) }, func(err error) { returned <- err })
	for {
		select {
		case err := <-returned:
			return err
		case <-first:
			first = nil
			note()
		case <-i.second:
			return errAbandoned
		}
	}
}

// leaving calls do with the context that ends at the first wish, and returns
// errInterrupted then: when do has returned, or a moment later, since do may be
// blocked in writing.
func (i *interrupts) leaving(do func(context.Context) error) error {
	var err error
	returned := make(chan struct{})
	go panics.Call(func() error { return do(i.ctx) }, func(ended error) {
		err = ended
		close(returned)
	})
	select {
	case <-returned:
		return err
	case <-i.ctx.Done():
	}
	select {
	case <-returned:
	case <-i.second:
	case <-time.After(time.Second):
	}
	return errInterrupted
}

// open builds a session. It leaves the constructors of the application behind at
// the first wish: they have no context that could end, and nothing has started
// that had to be stopped.
func (i *interrupts) open(build func() (*session, error)) (*session, error) {
	if i.ctx.Err() != nil {
		return nil, errInterrupted
	}
	type result struct {
		session *session
		err     error
	}
	built := make(chan result, 1)
	go func() {
		var s *session
		panics.Call(func() (err error) {
			s, err = build()
			return err
		}, func(err error) { built <- result{s, err} })
	}()
	select {
	case result := <-built:
		return result.session, result.err
	case <-i.ctx.Done():
		return nil, errInterrupted
	}
}
