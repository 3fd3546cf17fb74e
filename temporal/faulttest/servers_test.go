//go:build linux

package faulttest_test

import (
	"math/rand/v2"
	"net"
	"net/url"
	"testing"

	"github.com/fxrun/fxrun/internal/networktest"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/internal/temporaltest"
)

// servers are what all homes use.
type servers struct {
	temporal *temporaltest.Server
	database *postgrestest.Server
	// wasAway says that one of them could not be reached for a while in this round.
	wasAway bool

	// network connects the hosts of the servers with those of all processes. If it is nil, all
	// processes are on this host.
	network                *networktest.Network
	atTemporal, atDatabase *networktest.Host
}

// newServers returns servers on this host.
func newServers(t *testing.T) *servers {
	t.Helper()
	used := &servers{temporal: temporaltest.New(t), database: &postgrestest.Server{}}
	t.Cleanup(used.database.Stop)
	used.database.NewDatabase(t) // or skip
	return used
}

// newServersOnHosts returns servers on hosts of their own.
func newServersOnHosts(t *testing.T) *servers {
	t.Helper()
	network := networktest.NewNetwork(t)
	used := &servers{network: network, atTemporal: network.NewHost(t), atDatabase: network.NewHost(t)}
	inHost(t, used.atTemporal, func() { used.temporal = temporaltest.NewWith(t, temporaltest.Options{Host: used.atTemporal.Address()}) })
	used.database = &postgrestest.Server{Host: used.atDatabase.Address()}
	t.Cleanup(used.database.Stop)
	inHost(t, used.atDatabase, func() { used.database.NewDatabase(t) })
	return used
}

func inHost(t *testing.T, host *networktest.Host, f func()) {
	t.Helper()
	if err := host.Do(func() error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}

func (s *servers) restartTemporal(t *testing.T) {
	t.Helper()
	restart := func() {
		if err := s.temporal.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if s.network == nil {
		restart()
		return
	}
	inHost(t, s.atTemporal, restart)
}

// databaseFor returns how processes on hosts of their own reach a database of this host.
func (s *servers) databaseFor(t *testing.T, address string) string {
	t.Helper()
	if s.network == nil {
		return address
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	query.Del("host")
	query.Set("sslmode", "disable")
	parsed.Host, parsed.RawQuery = net.JoinHostPort(s.database.Host, "5432"), query.Encode()
	return parsed.String()
}

// line is what connects a process with the servers.
type line interface {
	// do starts the process at its end of the line.
	do(start func() error) error
	// cut cuts the line somehow. It reports whether the history is cut off too.
	cut(t *testing.T, random *rand.Rand) (how string, history bool)
	restore(t *testing.T)
}

// connect returns a line for another process, and the address of Temporal on it.
func (s *servers) connect(t *testing.T) (to line, temporal string) {
	t.Helper()
	if s.network == nil {
		proxy := networktest.New(t, s.temporal.Address())
		return proxied{proxy}, proxy.Address()
	}
	return hosted{s.network.NewHost(t), s}, s.temporal.Address()
}

// proxied is a line on this host. It leads to Temporal only.
type proxied struct{ proxy *networktest.Proxy }

func (p proxied) do(start func() error) error { return start() }
func (p proxied) restore(*testing.T)          { p.proxy.Restore() }

func (p proxied) cut(_ *testing.T, random *rand.Rand) (how string, history bool) {
	if random.IntN(2) == 0 {
		p.proxy.Silence()
	} else {
		p.proxy.Reset()
	}
	return p.proxy.String(), false
}

// hosted is the line of a process that has a host of its own. Whatever is lost on it is lost
// without a word.
type hosted struct {
	host *networktest.Host
	to   *servers
}

func (h hosted) do(start func() error) error { return h.host.Do(start) }

func (h hosted) cut(t *testing.T, random *rand.Rand) (how string, history bool) {
	t.Helper()
	var err error
	switch random.IntN(7) {
	case 0:
		how, history, err = "it is unplugged", true, h.host.Unplug()
	case 1:
		how, err = "nothing passes to and from Temporal", h.host.Cut(h.to.atTemporal)
	case 2:
		how, err = "nothing passes to Temporal", h.host.Block(h.to.atTemporal)
	case 3:
		how, err = "nothing passes from Temporal", h.to.atTemporal.Block(h.host)
	case 4:
		how, history, err = "nothing passes to and from PostgreSQL", true, h.host.Cut(h.to.atDatabase)
	case 5:
		how, history, err = "nothing passes to PostgreSQL", true, h.host.Block(h.to.atDatabase)
	case 6:
		how, history, err = "nothing passes from PostgreSQL", true, h.to.atDatabase.Block(h.host)
	}
	if err != nil {
		t.Fatal(err)
	}
	return how, history
}

func (h hosted) restore(t *testing.T) {
	t.Helper()
	if err := h.host.Restore(h.to.atTemporal, h.to.atDatabase); err != nil {
		t.Fatal(err)
	}
}
