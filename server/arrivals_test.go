package server_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestARequestOnAConnectionThatWasAcceptedBeforeTheEndIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.handler.Serve(ctx, listener, 10*time.Second) }()
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	first, err := http.Get("http://" + listener.Addr().String() + "/healthz") //nolint:noctx // so the connection before it was accepted
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Body.Close()
	cancel()
	for { // until nobody is accepted any more
		another, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			break
		}
		_ = another.Close()
	}
	if _, err := connection.Write([]byte("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatalf("the request was dropped: %v", err)
	}
	_ = answer.Body.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
