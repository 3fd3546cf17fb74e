package server_test

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestARequestOnAConnectionThatWasAcceptedBeforeTheEndIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	s.handler.SetArrivalTime(time.Minute) // the test ends sooner: the client sends its request
	address, stop, ended := served(t, s, time.Minute)
	host := strings.TrimPrefix(address, "http://")
	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	statusOf(t, newClient(t), address+"/healthz") // so the connection before it was accepted
	stop()
	for { // until nobody is accepted any more
		another, err := net.Dial("tcp", host)
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
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
