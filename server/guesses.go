package server

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// patience is how many wrong tokens of one client are taken before the server becomes
	// slow, and slowDown how long it then refuses every token of the client after a wrong one.
	patience, slowDown = 5, 2 * time.Second
	// forgiveness is after which time without a wrong token a client is as good as any other.
	forgiveness = time.Minute
	// mostGuessers is how many clients with wrong tokens are known at once. If there are more,
	// those that are not known are treated as one.
	mostGuessers = 10_000
)

// guesses slows down the guessing of tokens. A client is an IPv4 address, or the network of an
// IPv6 address, since one machine may have many addresses of its network. A right token does
// not reset the count of wrong ones, since several people may share an address.
type guesses struct {
	mu    sync.Mutex
	known map[netip.Prefix]*guesser
}

type guesser struct {
	wrong   int
	last    time.Time // of the last wrong token
	blocked time.Time // no token is looked at before
}

// clientOf returns the client that an address belongs to. It is zero for an address that
// cannot be read.
func clientOf(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits) // the number of bits is right
	return network
}

// try reports whether it has looked at a token of a client, and whether the token is right. It
// does not look at it while the client is blocked. It looks at the tokens of requests at the
// same time one after the other, so that all of them are counted.
func (g *guesses) try(remote string, now time.Time, isRight func() bool) (looked, right bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one := g.known[clientOf(remote)]
	if one == nil && len(g.known) >= mostGuessers {
		one = g.known[netip.Prefix{}]
	}
	if one != nil && now.Before(one.blocked) {
		return false, false
	}
	if right = isRight(); !right {
		g.wrong(remote, now)
	}
	return true, right
}

// wrong notes a wrong token of a client.
func (g *guesses) wrong(remote string, now time.Time) {
	if g.known == nil {
		g.known = make(map[netip.Prefix]*guesser)
	}
	client := clientOf(remote)
	if g.known[client] == nil && len(g.known) >= mostGuessers {
		g.forgive(now)
		if len(g.known) >= mostGuessers {
			client = netip.Prefix{}
		}
	}
	one := g.known[client]
	if one == nil || now.Sub(one.last) > forgiveness {
		one = &guesser{}
		g.known[client] = one
	}
	one.last = now
	if one.wrong++; one.wrong >= patience {
		one.blocked = now.Add(slowDown)
	}
}

// forgive forgets the clients that have not given a wrong token for some time.
func (g *guesses) forgive(now time.Time) {
	for client, one := range g.known {
		if now.Sub(one.last) > forgiveness {
			delete(g.known, client)
		}
	}
}
