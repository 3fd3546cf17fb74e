package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/fxrun/fxrun/internal/detach"
	"github.com/fxrun/fxrun/internal/tempfile"
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
	ctx    *detach.Context // which gocloud.dev's writer keeps too
	file   *os.File        // in a folder
	held   func()          // releases the claim of file
	err    error           // of the first Write that failed
}

// Create begins to write an object. The object is not visible before Commit, and
// an earlier object with its key stays until then. The Draft is valid until ctx
// ends. opts may be nil. Most programs should use [Bucket.Write].
func (b *Bucket) Create(ctx context.Context, key string, opts *blob.WriterOptions) (*Draft, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	draft := &Draft{ctx: detach.New(ctx)}
	if b.isFolder() {
		if _, swept := b.swept.LoadOrStore(path.Dir(key), true); !swept {
			b.folder.sweep(key)
		}
		opts = draft.inFolder(opts)
	}
	writer, err := b.NewWriter(draft.ctx, key, opts)
	if err != nil {
		defer draft.ctx.End()
		return nil, draft.ctx.Explain(err)
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
	changed.BeforeWrite = func(as func(any) bool) (err error) {
		if as(&d.file) {
			if d.held, err = tempfile.Claim(d.file); err != nil {
				return err
			}
		}
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
	err = d.ctx.Explain(err)
	if d.err == nil {
		d.err = err
	}
	return n, err
}

// Commit gives the object its key. If Commit fails, if a Write has failed, or if
// the context has ended before, the draft is removed and an earlier object stays.
// A Commit that has begun is not interrupted. An error that matches
// [ErrUnknownOutcome] says that the store did not answer: either of the two objects
// may have the key.
func (d *Draft) Commit() error {
	defer d.ctx.End()
	err := d.err
	if err == nil && d.file != nil {
		err = d.file.Sync()
	}
	if ended := d.ctx.Detach(detach.Grace); err == nil {
		err = ended
	}
	if err != nil {
		return errors.Join(err, d.Abort())
	}
	err = d.ctx.Explain(d.writer.Close())
	d.release()
	if err != nil && d.file == nil && !isRefusal(err) {
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	return err
}

// isRefusal says that the error of a store is an answer: it has not taken the object.
func isRefusal(err error) bool {
	switch gcerrors.Code(err) { //nolint:exhaustive // all others leave it open
	case gcerrors.NotFound, gcerrors.AlreadyExists, gcerrors.InvalidArgument, gcerrors.Unimplemented,
		gcerrors.FailedPrecondition, gcerrors.PermissionDenied, gcerrors.ResourceExhausted:
		return true
	}
	return false
}

// Abort removes the draft. It works even if the context has ended.
func (d *Draft) Abort() error {
	d.ctx.End()
	_ = d.writer.Close() // its error is that of the context just ended
	d.release()
	return nil
}

func (d *Draft) release() {
	if d.held != nil {
		d.held()
	}
}
