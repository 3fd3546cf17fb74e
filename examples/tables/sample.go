package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"go.uber.org/fx"
)

// Sample is a server with a catalogue that gains a table every ten seconds, and with a
// webhook that prints what it gets. It stands in for servers that the program has not.
type Sample struct {
	URL   string
	began time.Time
}

// NewSample starts the server on a free port of this machine.
func NewSample(lc fx.Lifecycle) (*Sample, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	sample := &Sample{URL: "http://" + listener.Addr().String(), began: time.Now()}
	server := &http.Server{Handler: sample.handler(), ReadHeaderTimeout: time.Second}
	lc.Append(fx.StartStopHook(func() {
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				fmt.Fprintln(os.Stderr, err)
			}
		}()
	}, server.Close))
	return sample, nil
}

func (s *Sample) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tables", func(w http.ResponseWriter, _ *http.Request) {
		var names []string
		for n := range 1 + int(time.Since(s.began)/(10*time.Second)) {
			names = append(names, fmt.Sprintf("table_%d", n+1))
		}
		_ = json.NewEncoder(w).Encode(names)
	})
	mux.HandleFunc("GET /tables/{name}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("name") == "table_3" {
			http.Error(w, "the table is broken", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(len(r.PathValue("name")))
	})
	mux.HandleFunc("POST /alerts", func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(io.LimitReader(r.Body, 10_000))
		_, _ = fmt.Fprintln(os.Stderr, "ALERT:", string(text))
	})
	return mux
}
