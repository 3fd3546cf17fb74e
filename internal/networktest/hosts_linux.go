package networktest

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// Network connects test hosts on this machine. Each host is a network namespace with an address
// of its own, and no host reaches anything outside of the network. The namespaces have no names:
// they are gone with the processes in them and with this process, also if it is killed. It is
// safe for concurrent use.
type Network struct {
	bridge *namespace // has nothing but the ports of the hosts

	mu   sync.Mutex
	next netip.Addr
}

// Host is a part of this machine with a network interface of its own. It is safe for concurrent
// use.
type Host struct {
	space   *namespace
	network *Network
	address netip.Addr
	port    string // of the bridge

	mu      sync.Mutex
	blocked map[*Host]bool // by the direction to them
	pulled  bool
}

// first is the first address of the network. The addresses are those that RFC 2544 sets apart
// for tests.
const (
	first = "198.18.0.1"
	bits  = "/15"
)

// NewNetwork returns a network without hosts. It skips the test unless the test is root and may
// make network namespaces with the program ip.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("this needs the program ip: apt-get install iproute2")
	}
	bridge, err := newNamespace()
	if err != nil {
		t.Skip("this system has no network namespaces for tests: ", err)
	}
	t.Cleanup(bridge.close)
	n := &Network{bridge: bridge, next: netip.MustParseAddr(first)}
	if err := bridge.ip("link add bridge type bridge", "link set bridge up"); err != nil {
		t.Skip("this system has no bridges for network namespaces: ", err)
	}
	return n
}

// NewHost connects another host. It is gone after the end of the test, when the processes that
// were started there have ended.
func (n *Network) NewHost(t testing.TB) *Host {
	t.Helper()
	space, err := newNamespace()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(space.close)
	n.mu.Lock()
	h := &Host{space: space, network: n, address: n.next, blocked: make(map[*Host]bool)}
	n.next = n.next.Next()
	n.mu.Unlock()
	h.port = "port" + strings.ReplaceAll(strings.TrimPrefix(h.address.String(), "198."), ".", "-")
	if err := space.ip(
		"link set lo up",
		"link add eth0 type veth peer name "+h.port+" netns "+n.bridge.path(),
		"address add "+h.address.String()+bits+" dev eth0",
		"link set eth0 up",
	); err != nil {
		t.Fatal(err)
	}
	if err := n.bridge.ip("link set " + h.port + " master bridge up"); err != nil {
		t.Fatal(err)
	}
	return h
}

// Address is the IP address of the host.
func (h *Host) Address() string { return h.address.String() }

// Do calls a function in the host: the processes that it starts and the sockets that it opens
// belong to the host. This does not hold for goroutines that the function starts.
func (h *Host) Do(f func() error) error { return h.space.do(f) }

// Block lets nothing pass from this host to another one, and tells neither of them. What the
// other one sends arrives. A connection goes on after Restore, unless one of its ends has given
// up.
func (h *Host) Block(to *Host) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blocked[to] = true
	// Nobody has this address of an interface, so the network carries packets to nobody.
	return h.space.ip("neighbour replace " + to.Address() + " lladdr 02:00:00:00:00:00 dev eth0 nud permanent")
}

// Cut lets nothing pass between this host and another one, and tells neither of them.
func (h *Host) Cut(other *Host) error {
	if err := h.Block(other); err != nil {
		return err
	}
	return other.Block(h)
}

// Unplug pulls the cable of the host.
func (h *Host) Unplug() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pulled = true
	return h.network.bridge.ip("link set " + h.port + " down")
}

// Restore lets everything pass again between this host and the others named.
func (h *Host) Restore(others ...*Host) error {
	for _, other := range others {
		if err := h.unblock(other); err != nil {
			return err
		}
		if err := other.unblock(h); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.pulled {
		return nil
	}
	h.pulled = false
	return h.network.bridge.ip("link set " + h.port + " up")
}

func (h *Host) unblock(to *Host) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.blocked[to] {
		return nil
	}
	delete(h.blocked, to)
	return h.space.ip("neighbour delete " + to.Address() + " dev eth0")
}

// namespace is a network namespace, which an open file keeps.
type namespace struct{ file *os.File }

func newNamespace() (*namespace, error) {
	var made *namespace
	err := apart(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("making a network namespace: %w", err)
		}
		file, err := os.Open(ofThread)
		made = &namespace{file}
		return err
	})
	return made, err
}

func (n *namespace) close() { _ = n.file.Close() }

// path names the namespace for other processes.
func (n *namespace) path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.file.Fd()) }

func (n *namespace) do(f func() error) error {
	return apart(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering a network namespace: %w", err)
		}
		return f()
	})
}

// ip calls the program ip in the namespace for each line of arguments.
func (n *namespace) ip(lines ...string) error {
	return n.do(func() error {
		for _, line := range lines {
			if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
				return fmt.Errorf("ip %s: %w: %s", line, err, out)
			}
		}
		return nil
	})
}

// ofThread is the namespace of the thread that opens it.
const ofThread = "/proc/thread-self/ns/net"

// apart calls a function that may move its thread into another namespace, and moves it back.
// The thread must not end, because processes may be bound to its life.
func apart(f func() error) error {
	runtime.LockOSThread()
	before, err := os.Open(ofThread)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer func() {
		if err := unix.Setns(int(before.Fd()), unix.CLONE_NEWNET); err != nil {
			panic("the thread cannot leave a network namespace: " + err.Error())
		}
		_ = before.Close()
		runtime.UnlockOSThread()
	}()
	return f()
}
