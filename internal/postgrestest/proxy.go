package postgrestest

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// StartProxy starts a proxy before the server at an address of [Server.Database], and returns the
// address of the proxy. It calls serve for each client, with a connection to the server, and closes
// both afterwards. The proxy ends with the test.
func StartProxy(t testing.TB, address string, serve func(client, server net.Conn)) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	socket := filepath.Join(query.Get("host"), ".s.PGSQL.5432")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	connect := func(client net.Conn) {
		defer func() { _ = client.Close() }()
		server, err := net.Dial("unix", socket)
		if err != nil {
			return
		}
		defer func() { _ = server.Close() }()
		serve(client, server)
	}
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			clients.Go(func() { connect(client) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); clients.Wait() })
	query.Del("host")
	query.Set("sslmode", "disable")
	parsed.Host, parsed.RawQuery = listener.Addr().String(), query.Encode()
	return parsed.String()
}

// nextAnswer reads one message of the server. A message is a letter, the length of the rest with
// the four bytes of the length, and the rest.
func nextAnswer(server io.Reader) ([]byte, error) {
	header := make([]byte, 5)
	if _, err := io.ReadFull(server, header); err != nil {
		return nil, err
	}
	message := make([]byte, 1+binary.BigEndian.Uint32(header[1:]))
	copy(message, header)
	_, err := io.ReadFull(server, message[5:])
	return message, err
}
