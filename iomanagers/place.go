package iomanagers

import (
	"context"
	"io"
)

// Place keeps named objects of bytes. A [CodecManager] makes an IOManager of it: whoever
// can write these four methods for a storage of his own, such as a bucket or an SFTP
// server, gets codecs, streams, metadata and error texts from there.
//
// Names are relative paths with forward slashes, made of lower-case letters, digits and
// "-_!%~=.", with segments of at most 255 bytes; whatever folders they imply are the
// place's to make. No two values share a name, also where case is ignored. The errors of a
// place should not repeat the name of the asset, which is added to them.
//
// Safe for concurrent use, also for one name.
type Place interface {
	// Create begins a new object. Nothing is seen under its name before Commit has
	// succeeded, until then an earlier object of that name stays as it was, and is still
	// read by whoever has opened it. ctx bounds the life of the Draft.
	Create(ctx context.Context, name string) (Draft, error)

	// Open opens an object for reading. An object that doesn't exist matches fs.ErrNotExist; if
	// nothing exists under any name, the error may match ErrNotFound instead and say why. What is read is the object that was there when it was opened, also if
	// another takes its name meanwhile. ctx bounds the life of the Content.
	Open(ctx context.Context, name string) (Content, error)

	// Remove removes those of the named objects that exist.
	Remove(ctx context.Context, names ...string) error

	// Path returns where the object lies, for people to read: a path or a URL.
	Path(name string) string
}

// Draft is an object that is being written. It is used by one goroutine. Exactly one of
// Commit and Abort is called, once; Commit after Writes that have all succeeded.
type Draft interface {
	// Write takes pieces of about 64 KiB, the last one shorter.
	io.Writer
	// Commit gives the object its name, whole and lasting. If it fails, it leaves nothing
	// behind, and Abort is not called.
	Commit() error
	// Abort leaves nothing behind. It works also when the context has ended.
	Abort() error
}

// Content is an object that is being read. It is used by one goroutine.
//
// A Content that is also an io.ReaderAt lets codecs read at any offset, which Parquet
// wants; without it such a codec reads the object into memory.
type Content interface {
	io.ReadCloser
	// Size returns the size of the object in bytes.
	Size() int64
}
