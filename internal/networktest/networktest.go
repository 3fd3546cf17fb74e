// Package networktest cuts the network between a client and a server in tests: with a proxy that
// stands between them, or with hosts that are network namespaces, on Linux and for root.
package networktest

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
)

// Proxy passes TCP connections on to a server. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	target   string
	work     sync.WaitGroup

	mu      sync.Mutex
	network state
	changed chan struct{} // closed at the next change of network
	ends    map[net.Conn]bool
}

type state int

const (
	passing  state = iota
	silent         // bytes stay where they are
	refusing       // connections are reset
	closed
)

// New starts a proxy before the server at the address. It ends with the test.
func New(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, changed: make(chan struct{}), ends: make(map[net.Conn]bool)}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.become(closed)
		p.work.Wait()
	})
	return p
}

// Address is where clients call the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Silence lets nothing pass in either direction, as a cable that was pulled out does: whoever
// writes hears nothing, and whoever calls waits. After Restore the connections go on.
func (p *Proxy) Silence() { p.become(silent) }

// Reset ends all connections with a reset, and each new one, until Restore.
func (p *Proxy) Reset() { p.become(refusing) }

// Restore lets everything pass again.
func (p *Proxy) Restore() { p.become(passing) }

func (p *Proxy) become(next state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network == closed {
		return
	}
	p.network = next
	close(p.changed)
	p.changed = make(chan struct{})
	if next == refusing || next == closed {
		for end := range p.ends {
			reset(end)
		}
	}
}

// reset ends a connection so that its other end gets an error, and not the end of a stream.
func reset(end net.Conn) {
	if tcp, ok := end.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = end.Close()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.work.Go(func() { p.connect(client) })
		}
	}
}

// connect joins a client with the server. One end that closes closes the other one.
func (p *Proxy) connect(client net.Conn) {
	defer p.forget(client)
	if !p.keep(client) || !p.await() {
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.forget(server)
	if !p.keep(server) {
		return
	}
	var directions sync.WaitGroup
	directions.Go(func() { p.pass(server, client) })
	directions.Go(func() { p.pass(client, server) })
	directions.Wait()
}

// pass passes bytes on until an end is closed, and then closes both.
func (p *Proxy) pass(to, from net.Conn) {
	defer p.forget(to)
	defer p.forget(from)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !p.await() {
			return
		}
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

// await waits while the network is silent, and reports whether it passes bytes.
func (p *Proxy) await() bool {
	for {
		p.mu.Lock()
		network, changed := p.network, p.changed
		p.mu.Unlock()
		if network != silent {
			return network == passing
		}
		<-changed
	}
}

// keep notes an end of a connection, unless the network refuses it.
func (p *Proxy) keep(end net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network == refusing || p.network == closed {
		reset(end)
		return false
	}
	p.ends[end] = true
	return true
}

func (p *Proxy) forget(end net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ends, end)
	_ = end.Close() // what was passed on before still arrives
}

// String says what the proxy does, for the log of a test.
func (p *Proxy) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("the network to %s is %s", p.target, [...]string{"passing", "silent", "refusing", "closed"}[p.network])
}
