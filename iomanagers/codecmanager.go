package iomanagers

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"reflect"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/internal/detach"
	"github.com/fxrun/fxrun/iomanagers/internal/filekey"
	"github.com/fxrun/fxrun/rows"
)

// CodecManager is an [IOManager] that keeps each value as one object of a [Place]. A [Codec]
// turns the value into bytes. [FileManager] is a CodecManager over a folder.
//
// If the asset raw/orders is stored as CSV, its object is named raw/orders.csv. The object of
// its partition 2026-01-02 is named raw/orders/partition=2026-01-02.csv. Characters of a key
// are escaped, except lower-case letters, digits, dash, underscore and slash.
//
// The codec is the one that the Format of the asset names. If the asset has no Format, it is
// the first codec that claims the Go type ([TypeClaimer]), and otherwise the first codec of
// the manager. A load chooses in the same way, by Input.Stored. Streams need a [RowCodec], and
// are written and read in batches. While a sequence makes the next rows, a goroutine encodes up
// to two batches before them. Rows with pointers, slices, maps or interfaces are encoded before
// the sequence goes on, because it may use their memory again.
//
// After a value is stored, objects of the same asset and partition in the formats of the
// manager's other codecs are removed. If that fails, the value is stored all the same, and the
// metadata "warning" says what is left. A load does not read objects in other formats, but its
// error names them. The error matches [ErrNotFound] if the asset names its format, and
// [ErrType] if the Go type chose the format.
//
// A load of a stream reads the beginning of the object. So it returns an error at once if the
// value is missing or does not fit. Each pass over the stream opens the object again, and sees
// the whole value that is stored at that time.
//
// A CodecManager is safe for concurrent use. Several processes may use one place, as long as
// two of them do not store one asset and partition in two formats at the same time.
type CodecManager struct {
	place  Place
	codecs codecs

	// commits, one for each hash of a name, are held while an object takes its place and those
	// in other formats go: otherwise two stores in two formats could each remove the other's.
	commits [512]sync.Mutex // so many that values stored at the same time rarely wait for each other
	seed    maphash.Seed
}

var (
	_ IOManager = (*CodecManager)(nil)
	_ Stager    = (*CodecManager)(nil)
	_ Checker   = (*CodecManager)(nil)
)

// NewCodecManager returns a manager of values in place. The caller closes the place. The first
// codec is the default. Without codecs, the manager has JSON as the default, and JSONLines,
// CSV, Gob, Text and Raw(""). It returns an error if two codecs share a name or an extension,
// or if one of these cannot be used. It does not read or write the place.
func NewCodecManager(place Place, codecs ...Codec) (*CodecManager, error) {
	known, err := newCodecs(codecs)
	if err != nil {
		return nil, err
	}
	return &CodecManager{place: place, codecs: known, seed: maphash.MakeSeed()}, nil
}

// Check reports whether values of type t can be stored in the named format.
func (m *CodecManager) Check(format string, t reflect.Type) error {
	return m.codecs.Check(format, t)
}

// Store writes value to its object. It adds the metadata "path" (the path that the place
// gives), "bytes" and "rows", and "warning" if something went wrong after the value was stored.
func (m *CodecManager) Store(ctx context.Context, out Output, value any) error {
	return storeStaged(ctx, m, out, value)
}

// Stages reports whether the manager is m. A type that embeds a *CodecManager, and has its Store,
// needs a method of its own.
func (m *CodecManager) Stages(manager IOManager) bool {
	same, ok := manager.(*CodecManager)
	return ok && same == m
}

// Stage writes value to an object that has no name yet.
func (m *CodecManager) Stage(ctx context.Context, out Output, value any) (Staged, error) {
	ready, err := m.stage(ctx, out, value)
	if err != nil {
		return nil, fmt.Errorf("storing %v: %w", out, err)
	}
	return ready, nil
}

func (m *CodecManager) stage(ctx context.Context, out Output, value any) (Staged, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	declared, err := out.declared(value)
	if err != nil {
		return nil, err
	}
	codec, err := m.codecs.pickFor(out.Format, declared)
	if err != nil {
		return nil, err
	}
	base := filekey.Path(out.Asset, out.Partition)
	name := base + codec.Extension()
	own := detach.New(ctx) // a commit that has begun is not interrupted
	draft, err := m.create(own, name, out.RunID)
	if err != nil {
		defer own.End()
		return nil, own.Explain(err)
	}
	w := newWriter(own, draft)
	counted, err := m.write(own, w, codec, value, out.Progress)
	if err != nil {
		return nil, err
	}
	commit := func() error {
		defer own.End()
		warning, err := m.commit(own, draft, base, codec)
		if err != nil {
			return err
		}
		out.AddMetadata("path", m.place.Path(name))
		out.AddMetadata("bytes", w.bytes)
		if counted >= 0 {
			out.AddMetadata("rows", counted)
		}
		if warning != nil {
			out.AddMetadata("warning", warning.Error())
		}
		return nil
	}
	discard := func() error {
		defer own.End()
		return draft.Abort()
	}
	return staged{out: out, commit: commit, discard: discard}, nil
}

// write encodes value and returns how many rows it has, -1 if it has none to count. If that
// fails or panics, it aborts the draft.
func (m *CodecManager) write(ctx *detach.Context, w *draftWriter, codec Codec, value any, progress func(rows int64)) (counted int, err error) {
	whole := false
	defer func() {
		if !whole {
			err = errors.Join(ctx.Explain(err), w.draft.Abort())
			ctx.End()
		}
	}()
	counted, err = encode(ctx, w, codec, value, progress)
	if err != nil {
		return 0, fmt.Errorf("encoding as %s: %w", codec.Name(), err)
	}
	// A buffer that failed once fails again, so this finds errors that a codec has ignored.
	if err := w.Flush(); err != nil {
		return 0, err
	}
	whole = true
	return counted, nil
}

// commit gives the draft its name and removes the same value in other formats. Once the
// draft has its name, the value is stored: what fails after that is a warning.
func (m *CodecManager) commit(ctx *detach.Context, draft Draft, base string, codec Codec) (warning, err error) {
	lock := &m.commits[maphash.String(m.seed, base)%uint64(len(m.commits))]
	lock.Lock()
	defer lock.Unlock()
	if err := ctx.Detach(detach.Grace); err != nil {
		return nil, errors.Join(err, draft.Abort())
	}
	if err := m.replace(ctx, draft, m.inOtherFormats(base, codec)); err != nil {
		stored, ok := errors.AsType[*StoredError](err)
		if !ok {
			return nil, ctx.Explain(err)
		}
		warning = stored
	}
	return warning, nil
}

// replace commits the draft, and removes the same value in other formats.
func (m *CodecManager) replace(ctx context.Context, draft Draft, others []string) error {
	if file, ok := draft.(*fileDraft); ok {
		return file.commitOver(others) // it has the folder open
	}
	err := draft.Commit()
	if _, stored := errors.AsType[*StoredError](err); err != nil && !stored || len(others) == 0 {
		return err
	}
	if removing := m.place.Remove(ctx, others...); removing != nil {
		return &StoredError{errors.Join(err, notRemoved(removing))}
	}
	return err
}

// notRemoved is the warning that values in other formats stay.
func notRemoved(err error) error {
	return fmt.Errorf("removing the earlier value in other formats: %w", err)
}

// inOtherFormats returns the names that the same value would have in other formats.
func (m *CodecManager) inOtherFormats(base string, codec Codec) []string {
	var others []string
	for _, other := range m.codecs {
		if other.Extension() != codec.Extension() {
			others = append(others, base+other.Extension())
		}
	}
	return others
}

// Load reads the value's object into dst.
func (m *CodecManager) Load(ctx context.Context, in Input, dst any) error {
	if err := m.load(ctx, in, dst); err != nil {
		return fmt.Errorf("loading %v: %w", in, err)
	}
	return nil
}

func (m *CodecManager) load(ctx context.Context, in Input, dst any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := in.target(dst)
	if err != nil {
		return err
	}
	codec, err := m.codecs.pick(in.Format, in.stored(target.Type()))
	if err != nil {
		return err
	}
	object := object{place: m.place, base: filekey.Path(in.Asset, in.Partition), codec: codec, extension: codec.Extension(), wanted: wantedBy(in)}
	if in.asksForBytes(target.Type()) {
		object.codec = Raw("") // as they are
	}
	if err := checkFor(object.codec, target.Type()); err != nil {
		return err
	}

	shape, isRows := rows.Of(target.Type())
	if isRows && shape.Form.Streams() {
		err = object.loadStream(ctx, shape, target.Type(), dst)
	} else {
		err = object.load(ctx, target)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return m.notFound(ctx, object, in.Format, codec)
	}
	return err
}

// notFound says what there is in the place of the value that codec would have stored. A
// format asked for by name isn't there; where the Go type chose the format, a value is
// there, but not for that type.
func (m *CodecManager) notFound(ctx context.Context, missing object, format string, codec Codec) error {
	var others []string
	for _, other := range m.codecs {
		if other.Extension() == codec.Extension() {
			continue
		}
		if content, err := m.place.Open(ctx, missing.base+other.Extension()); err == nil {
			others = append(others, other.Name())
			_ = content.Close() // nothing was read
		}
	}
	stored := strings.Join(others, ", ")
	switch {
	case stored == "":
		return ErrNotFound
	case format == "":
		return fmt.Errorf("%w: it is stored as %s, and a type without a format is loaded from %s: ask for the format", ErrType, stored, codec.Name())
	}
	return fmt.Errorf("%w as %s, only as %s: ask for that format, or store it anew", ErrNotFound, codec.Name(), stored)
}
