package bucket

import (
	"context"
	"errors"
	"io"
	"os"

	"gocloud.dev/blob"
)

// Write stores an object with the content that write writes. It replaces an earlier
// object with the same key, completely or not at all: if write fails or panics, or
// if ctx ends before everything is stored, the earlier object stays. Others see
// the new object after Write has returned. opts may be nil.
//
// The writer holds at most some megabytes in memory, for an object of any size.
func (b *Bucket) Write(ctx context.Context, key string, opts *blob.WriterOptions, write func(io.Writer) error) error {
	draft, err := b.Create(ctx, key, opts)
	if err != nil {
		return err
	}
	decided := false
	defer func() {
		if !decided { // also on a panic
			_ = draft.Abort()
		}
	}()
	if err := write(draft); err != nil {
		return err
	}
	decided = true
	return draft.Commit()
}

// WriteAll stores an object with the content p, as [Bucket.Write] does. The method
// of gocloud.dev would leave the beginning of p under the key if the disk is full.
func (b *Bucket) WriteAll(ctx context.Context, key string, p []byte, opts *blob.WriterOptions) error {
	return b.Write(ctx, key, opts, func(w io.Writer) error {
		_, err := w.Write(p)
		return err
	})
}

// Draft is an object that is being written. One goroutine uses it, and ends it with
// Commit or Abort.
type Draft struct {
	writer *blob.Writer
	ctx    context.Context //nolint:containedctx // that of Create, which gocloud.dev's writer keeps too
	cancel context.CancelFunc
	file   *os.File // in a folder
	err    error    // of the first Write that failed
}

// Create begins to write an object. The object is not visible before Commit, and
// an earlier object with its key stays until then. The Draft is valid until ctx
// ends. opts may be nil. Most programs should use [Bucket.Write].
func (b *Bucket) Create(ctx context.Context, key string, opts *blob.WriterOptions) (*Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	draft := &Draft{ctx: ctx, cancel: cancel}
	if b.isFolder {
		opts = draft.inFolder(opts)
	}
	writer, err := b.NewWriter(ctx, key, opts)
	if err != nil {
		cancel()
		return nil, err
	}
	draft.writer = writer
	return draft, nil
}

// inFolder gets hold of the file, to flush it to the disk: the driver renames
// it as it is, and a power cut would leave an empty file in the place of the
// earlier one.
func (d *Draft) inFolder(opts *blob.WriterOptions) *blob.WriterOptions {
	var changed blob.WriterOptions
	if opts != nil {
		changed = *opts
	}
	changed.DisableContentTypeDetection = true // it delays the file, and a folder keeps no types
	before := changed.BeforeWrite
	changed.BeforeWrite = func(as func(any) bool) error {
		as(&d.file)
		if before != nil {
			return before(as)
		}
		return nil
	}
	return &changed
}

// Write adds p to the object.
func (d *Draft) Write(p []byte) (int, error) {
	n, err := d.writer.Write(p)
	if d.err == nil {
		d.err = err
	}
	return n, err
}

// Commit gives the object its key. If Commit fails, if a Write has failed, or if
// the context has ended, the draft is removed.
func (d *Draft) Commit() error {
	defer d.cancel()
	err := d.err
	if err == nil {
		err = d.ctx.Err()
	}
	if err == nil && d.file != nil {
		err = d.file.Sync()
	}
	if err != nil {
		return errors.Join(err, d.Abort())
	}
	return d.writer.Close()
}

// Abort removes the draft. It works even if the context has ended.
func (d *Draft) Abort() error {
	d.cancel()
	_ = d.writer.Close() // its error is that of the context just ended
	return nil
}
