package iomanagers

import (
	"context"
	"fmt"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// IOManager stores values of assets and loads them.
//
// A manager promises:
//   - Load gives what the last successful Store of the same asset and partition was
//     given. Nil and empty slices and maps may come back as one another; a time may
//     come back in another location, as the same instant.
//   - Assets and partitions never touch each other, whatever their names hold.
//   - A Store that fails, panics or is cancelled leaves the earlier value whole.
//   - A Load that fails leaves dst as it was.
//   - What is stored shares no memory with the value given or with a value loaded.
//   - Rows come back in any form that package rows knows, not only in the one that they were
//     stored in. A stream that yields an error, panics or is nil fails its Store as anything
//     else does; a panic comes out of Store.
//   - A stream is loaded as it is ranged over, any number of times; only whether there is a value is
//     found out by the Load. What was begun is read to its end as it was, also while
//     a Store puts another value in its place. Broken off, a stream leaves nothing open.
//   - Errors name the asset and the partition and match [ErrNotFound], [ErrType],
//     [ErrUnsupported], or the context's error where those are the cause.
//
// The caller promises not to change value while Store runs.
//
// Every method is safe for concurrent use, also for the same asset: of two Stores at
// once one wins, whole. ctx bounds the call, and every stream that the call has loaded: once
// it has ended, a stream ends with its error. A manager that has no partitions, or no streams,
// says so by ErrUnsupported. Package iotest checks all of it.
type IOManager interface {
	// Store keeps value as the value of the asset and partition that out names, in
	// place of an earlier one.
	Store(ctx context.Context, out Output, value any) error

	// Load puts the value that in names into dst, a non-nil pointer to in.Type.
	Load(ctx context.Context, in Input, dst any) error
}

// Checker is implemented by managers that know before anything runs whether they can
// keep values of a Go type. The error of Check matches [ErrType] or [ErrUnsupported]
// and is the one that a Store would give; nil says that values of the type are taken,
// though a single value may still be refused. Check touches no storage and is safe for
// concurrent use.
type Checker interface {
	// Check reports whether a value of type t can be stored in the named format; ""
	// means the manager's default for t.
	Check(format string, t reflect.Type) error
}

// Output says what a Store is for. The zero value of every field but Asset is useful.
type Output struct {
	// Asset is the asset's key, a path such as "raw/orders". Any string is taken.
	Asset string
	// Partition is the partition's key; "" means that the asset has none.
	Partition string
	// RunID is the run that made the value.
	RunID string
	// Format is the name of the codec that the asset asks for; "" means the manager's
	// default. A manager without codecs ignores it.
	Format string
	// Type is the declared Go type of the value, to which the value must be assignable;
	// nil means the value's own type.
	Type reflect.Type
	// Progress, if not nil, is told how many rows of a stream have been stored so far, as
	// they come, by whatever stores them: a batch at a time.
	Progress func(rows int64)
	// Metadata receives what the manager can tell about the value stored, by AddMetadata,
	// once the store has succeeded: "rows" (int, for rows of any form that are not bytes), "bytes"
	// (int64) and "path" (string). Nil means that nobody wants to know. The map is the
	// caller's: a manager doesn't keep it.
	Metadata map[string]any
}

// AddMetadata records one fact about the stored value, in place of an earlier one of the
// same key. Without a Metadata map it does nothing. It is for managers to call and is
// not safe for concurrent use.
func (o Output) AddMetadata(key string, value any) {
	if o.Metadata != nil {
		o.Metadata[key] = value
	}
}

// String returns the asset and partition as errors show them: "orders[2026-01-02]".
func (o Output) String() string { return reference(o.Asset, o.Partition) }

// Input says what a Load is for.
type Input struct {
	// Asset is the key of the asset whose value is asked for.
	Asset string
	// Partition is the partition's key; "" means that the asset has none.
	Partition string
	// RunID is the run that loads, not the one that stored.
	RunID string
	// Format is the name of the codec that the asset was stored with; "" means the
	// manager's default.
	Format string
	// Type is the Go type asked for; nil means the type that dst points to.
	Type reflect.Type
	// Stored is the Go type that the value is declared as by the asset that stores it; nil
	// means Type. It chooses the codec, so that rows can be asked for in another form than
	// they were stored in, as iter.Seq2[R, error] where Stored is []R. Where Stored is not
	// bytes, Type []byte asks for the stored bytes as they are.
	Stored reflect.Type
}

// String returns the asset and partition as errors show them: "orders[2026-01-02]".
func (i Input) String() string { return reference(i.Asset, i.Partition) }

func reference(asset, partition string) string {
	if partition == "" {
		return asset
	}
	return asset + "[" + partition + "]"
}

// declared returns the Go type that value is stored as.
func (o Output) declared(value any) (reflect.Type, error) {
	actual := reflect.TypeOf(value)
	switch {
	case actual == nil && o.Type == nil:
		return nil, fmt.Errorf("%w: the value is nil and no type is declared for it", ErrType)
	case actual == nil && o.Type.Kind() != reflect.Interface:
		return nil, fmt.Errorf("%w: the value is nil, a %v is declared", ErrType, o.Type)
	case o.Type == nil:
		return actual, nil
	case actual != nil && !actual.AssignableTo(o.Type):
		return nil, fmt.Errorf("%w: the value is a %v, a %v is declared", ErrType, actual, o.Type)
	}
	return o.Type, nil
}

// target returns the place that dst points to.
func (i Input) target(dst any) (reflect.Value, error) {
	pointer := reflect.ValueOf(dst)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return reflect.Value{}, fmt.Errorf("%w: the destination must be a non-nil pointer, not %T", ErrType, dst)
	}
	target := pointer.Elem()
	if i.Type != nil && target.Type() != i.Type {
		return reflect.Value{}, fmt.Errorf("%w: the destination is a %T, a %v is asked for", ErrType, dst, i.Type)
	}
	return target, nil
}

// stored returns the Go type that the value was declared as; asked is the type asked for.
func (i Input) stored(asked reflect.Type) reflect.Type {
	if i.Stored == nil {
		return asked
	}
	return i.Stored
}

// asksForBytes says that the stored bytes are asked for as they are: as bytes or as chunks
// of bytes, where something else was declared.
func (i Input) asksForBytes(asked reflect.Type) bool {
	if i.Stored == nil || i.Stored == asked {
		return false
	}
	shape, ok := rows.Of(asked)
	if !ok || shape.Form != rows.Stream || !rows.IsBytes(shape.Element) {
		return rows.IsBytes(asked)
	}
	stored, ok := rows.Of(i.Stored)
	return !ok || stored.Slice != shape.Slice
}
