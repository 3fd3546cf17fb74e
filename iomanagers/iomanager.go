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
//   - Load returns the value of the last successful Store of the same asset and
//     partition. A nil slice or map may be loaded as an empty one, and an empty one as
//     nil. A time may be loaded in another location, as the same instant.
//   - Assets and partitions never change each other, whatever their names are.
//   - A Store that fails, panics or is cancelled leaves the earlier value whole. Only if its
//     error matches [ErrUnknownOutcome] may the new value stand, whole too. A Store whose
//     value stands returns nil, even if its context has ended meanwhile.
//   - A Load that fails leaves dst as it was.
//   - The stored value shares no memory with the given value or with a loaded value.
//   - Rows can be loaded in every form that package rows knows, not only in the form in
//     which they were stored. If a stream yields an error, panics or is nil, its Store
//     fails. A panic passes out of Store.
//   - The rows of a stream are loaded during each pass over it, and there may be any
//     number of passes. Load itself only checks that there is a value. A pass reads its
//     value to the end, even if a Store replaces the value during the pass. A pass that
//     stops early leaves nothing open.
//   - A Load that wants the value of one run (Input.MadeBy) never confirms the value of another
//     run, see Input.Confirm.
//   - Errors name the asset and the partition. They match [ErrNotFound], [ErrType],
//     [ErrUnsupported], [ErrReplaced], [ErrUnknownOutcome] or the error of the context if one of these is
//     the cause.
//
// The caller promises not to change value while Store runs.
//
// Every method is safe for concurrent use, also for the same asset. If two Stores run at the
// same time, the whole value of one of them is stored. ctx limits the call, and every stream
// that the call has loaded: after ctx has ended, a stream ends with its error. A manager
// without partitions or without streams returns ErrUnsupported for them. Package iotest
// checks all these promises.
type IOManager interface {
	// Store keeps value as the value of the asset and partition that out names, in
	// place of an earlier one.
	Store(ctx context.Context, out Output, value any) error

	// Load puts the value that in names into dst, a non-nil pointer to in.Type.
	Load(ctx context.Context, in Input, dst any) error
}

// Checker is implemented by managers that can tell, before anything runs, whether they can
// store values of a Go type. The error of Check is the error that a Store would return, and
// matches [ErrType] or [ErrUnsupported]. Nil means that the manager takes values of the type,
// but it may still refuse a single value. Check does not use the storage, and is safe for
// concurrent use.
type Checker interface {
	// Check reports whether a value of type t can be stored in the named format; ""
	// means the manager's default for t.
	Check(format string, t reflect.Type) error
}

// Output describes the value of a Store. The zero value of every field except Asset is
// useful.
type Output struct {
	// Asset is the asset's key, a path such as "raw/orders". Any string is taken.
	Asset string
	// Partition is the partition's key; "" means that the asset has none.
	Partition string
	// RunID is the run that made the value. "" means that no run is known. A manager keeps it
	// with the value if it can, so that a Load can ask for the value of this run.
	RunID string
	// Format is the name of the codec that the asset asks for; "" means the manager's
	// default. A manager without codecs ignores it.
	Format string
	// Type is the declared Go type of the value, to which the value must be assignable;
	// nil means the value's own type.
	Type reflect.Type
	// Progress may be nil. Otherwise the manager calls it after each batch of a stream, with
	// the number of rows that are stored so far.
	Progress func(rows int64)
	// Metadata receives facts about the stored value. The manager adds them with AddMetadata
	// after the value is stored: "rows" (int, for rows of any form except bytes), "bytes"
	// (int64) and "path" (string). Nil means that the caller does not need them. The map
	// belongs to the caller, and a manager does not keep it.
	Metadata map[string]any
}

// AddMetadata records one fact about the stored value. It replaces an earlier fact with the
// same key. Without a Metadata map it does nothing. Managers call it. It is not safe for
// concurrent use.
func (o Output) AddMetadata(key string, value any) {
	if o.Metadata != nil {
		o.Metadata[key] = value
	}
}

// String returns the asset and partition as errors show them: "orders[2026-01-02]".
func (o Output) String() string { return reference(o.Asset, o.Partition) }

// Input describes the value of a Load.
type Input struct {
	// Asset is the key of the asset whose value is loaded.
	Asset string
	// Partition is the partition's key; "" means that the asset has none.
	Partition string
	// RunID is the run that loads, not the one that stored.
	RunID string
	// MadeBy is the run whose value is wanted. "" means the last stored value, whoever stored
	// it. A manager that keeps Output.RunID with a value compares the two, for the value that
	// it loads: if another run has stored the value, the error matches ErrReplaced. It compares
	// them again at each pass over a stream. A manager that does not keep runs ignores MadeBy.
	MadeBy string
	// Confirm may be nil. Otherwise a manager calls it once it has found that the value is that
	// of MadeBy, and not if it ignores MadeBy. It may call Confirm again at each pass over a
	// stream. See CheckMadeBy.
	Confirm func()
	// Format is the name of the codec that the asset was stored with; "" means the
	// manager's default.
	Format string
	// Type is the Go type asked for; nil means the type that dst points to.
	Type reflect.Type
	// Stored is the Go type that the asset declares for the value. Nil means Type. Stored
	// chooses the codec, so rows can be loaded in another form than they were stored in, such
	// as iter.Seq2[R, error] if Stored is []R. If Stored is not bytes and Type is []byte, the
	// stored bytes are loaded without a change.
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
