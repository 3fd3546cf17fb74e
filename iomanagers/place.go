package iomanagers

import (
	"context"
	"io"
)

// Place keeps named objects of bytes. A [CodecManager] makes an IOManager of it. If you
// implement these four methods for a storage of your own, such as a bucket or an SFTP server,
// the manager adds codecs, streams, metadata and error texts.
//
// Names are relative paths with forward slashes. They consist of lower-case letters, digits
// and "-_!%~=.", in segments of at most 255 bytes. The place makes the folders that a name
// needs. No two values share a name, even if upper and lower case are not distinguished. The
// errors of a place should not contain the name of the asset, because the manager adds it.
//
// A Place must be safe for concurrent use, also for one name.
type Place interface {
	// Create begins a new object. The object is not visible under its name before Commit
	// has succeeded. Until then an earlier object with this name stays as it was. Readers
	// that have opened the earlier object can still read it. The Draft is valid until ctx
	// ends.
	Create(ctx context.Context, name string) (Draft, error)

	// Open opens an object for reading. If the object does not exist, the error matches
	// fs.ErrNotExist. If nothing exists under any name, the error may match ErrNotFound
	// instead, and say why. The Content is the object that existed when it was opened, even
	// if another object takes its name later. It is valid until ctx ends.
	Open(ctx context.Context, name string) (Content, error)

	// Remove removes those of the named objects that exist.
	Remove(ctx context.Context, names ...string) error

	// Path returns the path or the URL of the object, for people to read.
	Path(name string) string
}

// Draft is an object that is being written. One goroutine uses it. Exactly one of Commit and
// Abort is called, and it is called once. Commit is called only if all Writes have succeeded.
type Draft interface {
	// Write takes pieces of about 64 KiB, the last one shorter.
	io.Writer
	// Commit gives the whole object its name, and stores it permanently. If it fails, it
	// leaves nothing, the earlier object stands, and Abort is not called. Two errors say
	// something else: a [*StoredError] says that the object has its name, and one that
	// matches [ErrUnknownOutcome] says that this is not known.
	Commit() error
	// Abort removes what was written. It works even if the context has ended.
	Abort() error
}

// Content is an object that is being read. One goroutine uses it.
//
// If a Content is also an io.ReaderAt, codecs can read at any offset. Parquet needs this. If
// it is not, such a codec reads the object into memory.
type Content interface {
	io.ReadCloser
	// Size returns the size of the object in bytes.
	Size() int64
}

// StoredError is the error of a [Draft] whose object has taken its name, although something
// went wrong after that: the object may be lost in a power failure, for example. A
// [CodecManager] takes the value for stored, and tells the error in the metadata "warning".
type StoredError struct{ Err error }

// Error returns the text of Err.
func (e *StoredError) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *StoredError) Unwrap() error { return e.Err }
