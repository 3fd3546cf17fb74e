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

// interrupts notices requests to stop: signals, and the end of the context of the
// caller. It must be closed.
type interrupts struct {
	// ctx ends at the first request.
	ctx context.Context
	// second is closed at the second request.
	second chan struct{}

	signals chan os.Signal
	pipe    chan os.Signal
	closing chan struct{}
	done    chan struct{}
}

// listen begins to wait for requests. If the context of the caller has already
// ended, this is the first request.
func listen(caller context.Context) *interrupts {
	ctx, cancel := context.WithCancelCause(caller)
	i := &interrupts{
		ctx: ctx, second: make(chan struct{}), signals: make(chan os.Signal, 2), pipe: make(chan os.Signal, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
	for _, asked := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(asked) { // it is ignored under nohup
			signal.Notify(i.signals, asked)
		}
	}
	go i.hear(caller.Done(), cancel)
	return i
}

// survivePipe makes the process ignore that the reader of its output has ended, as
// head does. The process must stop its resources before it ends.
func (i *interrupts) survivePipe() { signal.Notify(i.pipe, syscall.SIGPIPE) }

// signalError is the cause of a context that a signal has ended.
type signalError struct{ os.Signal }

func (s signalError) Error() string { return "by a signal (" + s.String() + ")" }

// hear waits for two requests. At the end of the context of the caller it need not
// cancel the own context, which is derived from it.
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

// askedBy says who made the first request. It must be called after this request.
func (i *interrupts) askedBy() string {
	if by, ok := errors.AsType[signalError](context.Cause(i.ctx)); ok {
		return by.Error()
	}
	return "by the caller"
}

// terminated reports whether the first request was a SIGTERM. It must be called after
// this request.
func (i *interrupts) terminated() bool {
	by, ok := errors.AsType[signalError](context.Cause(i.ctx))
	return ok && by.Signal == syscall.SIGTERM
}

func (i *interrupts) close() {
	signal.Stop(i.signals)
	signal.Stop(i.pipe)
	close(i.closing)
	<-i.done
}

// during calls do with the context that ends at the first request, and waits until
// do returns. At the first request it calls note, unless this request was made
// before during was called. At the second request it returns errAbandoned without
// waiting for do.
func (i *interrupts) during(do func(context.Context) error, note func()) error {
	if i.ctx.Err() != nil {
		note = func() {}
	}
	returned := make(chan error, 1)
	go panics.Call(func() error { return do(i.ctx) }, func(err error) { returned <- err })
	return i.await(returned, note)
}

// await waits for the error in returned, which must have room for one. It calls note if
// there is a request by then, also if the error is already there.
func (i *interrupts) await(returned chan error, note func()) error {
	select {
	case err := <-returned:
		if i.ctx.Err() == nil {
			return err
		}
		returned <- err
	case <-i.ctx.Done():
	}
	note()
	select {
	case err := <-returned:
		return err
	case <-i.second:
		return errAbandoned
	}
}

// leaving calls do with the context that ends at the first request. After this
// request it returns errInterrupted as soon as do has returned, but after one
// second at the latest, since do may be blocked in a write.
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

// open builds a session. At the first request it returns without waiting for the
// constructors of the application. They have no context that could end, and nothing
// has started yet that must be stopped.
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
