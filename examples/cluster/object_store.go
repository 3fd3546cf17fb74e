package main

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3afero"
	"github.com/spf13/afero"
)

// objectStore is a server with the protocol of Amazon S3 that keeps its objects in a folder.
type objectStore struct {
	bucket string // the URL of its bucket
	server *http.Server
}

func startObjectStore(folder string) (*objectStore, error) {
	folders := make([]afero.Fs, 2)
	for i, name := range []string{"objects", "about"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
		folders[i] = afero.NewBasePathFs(afero.NewOsFs(), path)
	}
	backend, err := s3afero.SingleBucket("lake", folders[0], folders[1])
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	store := &objectStore{server: &http.Server{
		Handler: gofakes3.New(backend).Server(), ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it tells of clients that were killed
	}}
	store.bucket = "s3://lake?" + url.Values{
		"endpoint": {"http://" + listener.Addr().String()}, "region": {"eu-central-1"}, "use_path_style": {"true"},
	}.Encode()
	go func() { _ = store.server.Serve(listener) }() // until it is closed
	return store, nil
}
