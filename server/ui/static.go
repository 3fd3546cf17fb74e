package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// static serves the files of the pages. Their path has a hash of all files, so a browser
// may keep them for ever.
type static struct {
	version string
	files   map[string]staticFile
}

type staticFile struct {
	kind     string
	plain    []byte
	squeezed func() []byte // it is nil for files that are compressed already
}

func newStatic() (*static, error) {
	s, hash := &static{files: make(map[string]staticFile)}, sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		_, _ = hash.Write([]byte(name))
		_, _ = hash.Write(text)
		file := staticFile{kind: kindOf(name), plain: text}
		if !strings.HasSuffix(name, ".woff2") {
			file.squeezed = sync.OnceValue(func() []byte { return squeeze(text) }) // for the first browser that asks
		}
		s.files[path.Base(name)] = file
		return err
	})
	s.version = hex.EncodeToString(hash.Sum(nil))[:12]
	return s, err
}

// kindOf does not ask the operating system, whose table may lack types.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	default:
		return "text/plain; charset=utf-8"
	}
}

// squeeze compresses a text. Writing to memory does not fail.
func squeeze(text []byte) []byte {
	var squeezed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&squeezed, gzip.BestCompression)
	_, _ = writer.Write(text)
	_ = writer.Close()
	return squeezed.Bytes()
}

func (s *static) path(name string) string { return "/static/" + s.version + "/" + name }

func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := s.files[r.PathValue("name")]
	if !ok || r.PathValue("version") != s.version {
		http.NotFound(w, r)
		return
	}
	header, text := w.Header(), file.plain
	header.Set("Content-Type", file.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	if file.squeezed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		text = file.squeezed()
	}
	_, _ = w.Write(text)
}
