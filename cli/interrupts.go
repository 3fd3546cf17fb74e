package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// interrupts hears the wishes to stop: signals, and the end of the caller's
// context. It must be closed.
type interrupts struct {
	// wishes gets who wants the command to stop, each time.
	wishes <-chan string

	signals chan os.Signal
	pipe    chan os.Signal
	quit    chan struct{}
	done    chan struct{}
}

func listen(ctx context.Context) *interrupts {
	wishes := make(chan string, 1)
	i := &interrupts{
		wishes: wishes, signals: make(chan os.Signal, 2), pipe: make(chan os.Signal, 1),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	for _, asked := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(asked) { // as under nohup
			signal.Notify(i.signals, asked)
		}
	}
	// A reader that goes away, as head does, must not kill the process before
	// the run is torn down.
	signal.Notify(i.pipe, syscall.SIGPIPE)
	go i.forward(ctx, wishes)
	return i
}

func (i *interrupts) forward(ctx context.Context, wishes chan<- string) {
	defer close(i.done)
	ended := ctx.Done()
	for {
		wish := "by the caller"
		select {
		case <-i.quit:
			return
		case received := <-i.signals:
			wish = "by a signal (" + received.String() + ")"
		case <-ended:
			ended = nil
		}
		select {
		case wishes <- wish:
		case <-i.quit:
			return
		}
	}
}

func (i *interrupts) close() {
	signal.Stop(i.signals)
	signal.Stop(i.pipe)
	close(i.quit)
	<-i.done
}

// during calls do with a context that ends at the first wish. If there was one
// the error is errInterrupted, whatever do returned.
func (i *interrupts) during(do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var err error
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		err = do(ctx)
	}()
	select {
	case <-returned:
		return err
	case <-i.wishes:
		cancel()
		<-returned
		return errInterrupted
	}
}
