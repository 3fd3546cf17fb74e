package networktest_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/networktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo starts a server that sends back what it is sent. It ends with the test.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				_, _ = io.Copy(connection, connection)
				_ = connection.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		work.Wait()
	})
	return listener.Addr().String()
}

func call(t *testing.T, proxy *networktest.Proxy) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", proxy.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// say sends a line and returns the error of reading it back.
func say(connection net.Conn, within time.Duration) error {
	_ = connection.SetDeadline(time.Now().Add(within))
	if _, err := io.WriteString(connection, "hello\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err == nil && line != "hello\n" {
		return errors.New("got " + line)
	}
	return err
}

func TestProxy(t *testing.T) {
	t.Parallel()

	t.Run("passes bytes in both directions", func(t *testing.T) {
		t.Parallel()
		connection := call(t, networktest.New(t, echo(t)))
		for range 3 {
			if err := say(connection, time.Minute); err != nil {
				t.Error(err)
			}
		}
	})

	t.Run("holds bytes while it is silent, of new connections too", func(t *testing.T) {
		t.Parallel()
		proxy := networktest.New(t, echo(t))
		old := call(t, proxy)
		if err := say(old, time.Minute); err != nil {
			t.Fatal(err)
		}
		proxy.Silence()
		later := call(t, proxy)
		for _, connection := range []net.Conn{old, later} {
			if err := say(connection, 50*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v: got %v", proxy, err)
			}
		}
		proxy.Restore()
		for _, connection := range []net.Conn{old, later} {
			_ = connection.SetDeadline(time.Now().Add(time.Minute))
			if line, err := bufio.NewReader(connection).ReadString('\n'); line != "hello\n" {
				t.Errorf("%v: got %q, %v", proxy, line, err)
			}
		}
	})

	t.Run("resets connections, old and new ones, until it is restored", func(t *testing.T) {
		t.Parallel()
		proxy := networktest.New(t, echo(t))
		old := call(t, proxy)
		if err := say(old, time.Minute); err != nil {
			t.Fatal(err)
		}
		proxy.Reset()
		if err := say(old, time.Minute); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v: got %v", proxy, err)
		}
		connection, err := net.Dial("tcp", proxy.Address())
		if err == nil { // the reset comes a little later
			err = say(connection, time.Minute)
			_ = connection.Close()
		}
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v: a new connection got %v", proxy, err)
		}
		proxy.Restore()
		if err := say(call(t, proxy), time.Minute); err != nil {
			t.Error(err)
		}
	})

	t.Run("closes the other end when one is closed", func(t *testing.T) {
		t.Parallel()
		connection := call(t, networktest.New(t, echo(t)))
		if err := say(connection, time.Minute); err != nil {
			t.Fatal(err)
		}
		if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := connection.Read(make([]byte, 1)); err == nil {
			t.Error("the connection goes on")
		}
	})

	t.Run("ends while it is silent", func(t *testing.T) {
		t.Parallel()
		proxy := networktest.New(t, echo(t))
		call(t, proxy)
		proxy.Silence()
		call(t, proxy)
	})
}
