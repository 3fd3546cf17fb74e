package postgrestest

import (
	"io"
	"net"
	"slices"
	"sync"
)

// FailingProxy passes on what clients and a server say, until a connection has got as many messages
// of the server as [FailingProxy.FailAfter] has said. From then on this connection gets nothing. The
// zero value is ready for use with [StartProxy]. It is safe for concurrent use.
type FailingProxy struct {
	// Closes says that the connection is closed then. Without it, the connection is only silent.
	Closes bool

	mu     sync.Mutex
	left   []int // messages until a connection fails, then until another one fails, and so on
	failed int   // connections
}

// Serve serves a client: see [StartProxy].
func (p *FailingProxy) Serve(client, server net.Conn) {
	var answers sync.WaitGroup
	answers.Go(func() {
		for {
			message, err := nextAnswer(server)
			if err != nil {
				return
			}
			if p.fails() {
				if p.Closes {
					_ = client.Close()
				}
				_, _ = io.Copy(io.Discard, server)
				return
			}
			if _, err := client.Write(message); err != nil {
				return
			}
		}
	})
	_, _ = io.Copy(server, client)
	_ = server.Close()
	answers.Wait()
}

// fails reports whether the next message of a server is lost with its connection.
func (p *FailingProxy) fails() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.left) == 0 {
		return false
	}
	p.left[0]--
	if p.left[0] >= 0 {
		return false
	}
	p.left = p.left[1:]
	p.failed++
	return true
}

// FailAfter has connections fail one after another, each after a number of messages. It returns
// how many have failed since the last call.
func (p *FailingProxy) FailAfter(messages ...int) (failed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed, p.failed, p.left = p.failed, 0, slices.Clone(messages)
	return failed
}

// Failed returns how many connections have failed since the last call of FailAfter.
func (p *FailingProxy) Failed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}
