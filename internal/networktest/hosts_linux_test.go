package networktest_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/networktest"
)

// hosts returns two hosts, and a connection between them whose second end answers each line.
func hosts(t *testing.T) (client, server *networktest.Host, connection net.Conn) {
	t.Helper()
	network := networktest.NewNetwork(t)
	client, server = network.NewHost(t), network.NewHost(t)
	var listener net.Listener
	if err := server.Do(func() (err error) {
		listener, err = net.Listen("tcp", server.Address()+":7000")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		accepted, err := listener.Accept()
		if err != nil {
			return
		}
		defer accepted.Close()
		for lines := bufio.NewReader(accepted); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = accepted.Write([]byte(line))
		}
	}()
	if err := client.Do(func() (err error) {
		connection, err = net.DialTimeout("tcp", listener.Addr().String(), 10*time.Second)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = connection.Close()
		_ = listener.Close()
		<-over
	})
	return client, server, connection
}

// answered reports whether a line comes back within a time.
func answered(t *testing.T, connection net.Conn, within time.Duration) bool {
	t.Helper()
	if err := connection.SetDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Write([]byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	_, err := connection.Read(make([]byte, 100))
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the end of the connection was told: %v", err)
	}
	return err == nil
}

func TestANetworkOfHosts(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(client, server *networktest.Host) error{
		"is cut in both directions":           func(client, server *networktest.Host) error { return client.Cut(server) },
		"is cut on the way there":             func(client, server *networktest.Host) error { return client.Block(server) },
		"is cut on the way back":              func(client, server *networktest.Host) error { return server.Block(client) },
		"is cut by a cable that is unplugged": func(client, _ *networktest.Host) error { return client.Unplug() },
	} {
		t.Run(name+" without a word, and restored", func(t *testing.T) {
			t.Parallel()
			client, server, connection := hosts(t)
			if !answered(t, connection, 10*time.Second) {
				t.Fatal("the hosts are not connected")
			}
			if err := cut(client, server); err != nil {
				t.Fatal(err)
			}
			if answered(t, connection, 300*time.Millisecond) {
				t.Error("the network is not cut")
			}
			if err := client.Restore(server); err != nil {
				t.Fatal(err)
			}
			if !answered(t, connection, time.Minute) {
				t.Error("the network is not restored")
			}
		})
	}
	t.Run("is apart from the network of the machine", func(t *testing.T) {
		t.Parallel()
		own := networktest.NewNetwork(t).NewHost(t)
		if err := own.Do(func() error {
			out, err := exec.Command("ip", "-brief", "link").Output()
			if got := len(strings.Split(strings.TrimSpace(string(out)), "\n")); err != nil || got != 2 {
				t.Errorf("a process of the host sees %d interfaces: %v\n%s", got, err, out)
			}
			_, err = net.DialTimeout("tcp", "198.51.100.1:1", time.Second)
			if !errors.Is(err, syscall.ENETUNREACH) {
				t.Errorf("a call of an address outside gave %v", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("ip", "link").Output(); err != nil || strings.Contains(string(out), "port18-") {
			t.Errorf("the machine sees an interface of the hosts: %v\n%s", err, out)
		}
	})
}
