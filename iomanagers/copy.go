package iomanagers

import (
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/fxrun/fxrun/iomanagers/internal/secrets"
)

// checkCopyable reports, with ErrType and the way to the culprit, whether values of
// type t can be copied. What an interface will hold is seen only when it is copied.
func checkCopyable(t reflect.Type) error {
	return walkCopyable(t, t.String(), map[reflect.Type]bool{})
}

func walkCopyable(t reflect.Type, path string, seen map[reflect.Type]bool) error {
	if seen[t] || isFlat(t) {
		return nil
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return fmt.Errorf("%w: %s is a %v, which can't be copied", ErrType, path, t.Kind())
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return walkCopyable(t.Elem(), path, seen)
	case reflect.Map:
		if err := walkCopyable(t.Key(), path+" key", seen); err != nil {
			return err
		}
		return walkCopyable(t.Elem(), path, seen)
	case reflect.Struct:
		if marshals(t) != nil {
			return nil
		}
		for f := range fields(t) {
			fieldPath := path + "." + f.Name
			if !f.IsExported() && !isFlat(f.Type) {
				return fmt.Errorf("%w: %s is unexported and refers to other memory, and %v can't marshal itself", ErrType, fieldPath, t)
			}
			if err := walkCopyable(f.Type, fieldPath, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// isFlat says that assigning a value of type t copies all of it: it refers to no memory
// that anyone could change. The location inside a time.Time is immutable.
func isFlat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return false
	case reflect.Array:
		return isFlat(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return true
		}
		if secrets.Is(t) {
			return isFlat(t.Field(0).Type.Elem())
		}
		for f := range fields(t) {
			if !isFlat(f.Type) {
				return false
			}
		}
	}
	return true
}

// marshals returns how values of a struct type that hides references copy themselves,
// or nil if they can't or needn't.
func marshals(t reflect.Type) func(from, to any) error {
	if secrets.Is(t) {
		return nil // its own text is its mask
	}
	hides := false
	for f := range fields(t) {
		hides = hides || !f.IsExported() && !isFlat(f.Type)
	}
	switch {
	case !hides:
		return nil
	case owns[encoding.BinaryMarshaler](t) && owns[encoding.BinaryUnmarshaler](t):
		return func(from, to any) error {
			return through(from.(encoding.BinaryMarshaler).MarshalBinary, to.(encoding.BinaryUnmarshaler).UnmarshalBinary)
		}
	case owns[gob.GobEncoder](t) && owns[gob.GobDecoder](t):
		return func(from, to any) error {
			return through(from.(gob.GobEncoder).GobEncode, to.(gob.GobDecoder).GobDecode)
		}
	case owns[encoding.TextMarshaler](t) && owns[encoding.TextUnmarshaler](t):
		return func(from, to any) error {
			return through(from.(encoding.TextMarshaler).MarshalText, to.(encoding.TextUnmarshaler).UnmarshalText)
		}
	}
	return nil
}

// owns says that *t implements I by itself. A method that comes from an embedded field
// speaks for that field only, and would lose the rest of the struct.
func owns[I any](t reflect.Type) bool {
	for f := range fields(t) {
		if f.Anonymous && (f.Type.Implements(reflect.TypeFor[I]()) || reflect.PointerTo(f.Type).Implements(reflect.TypeFor[I]())) {
			return false
		}
	}
	return reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}

func through(marshal func() ([]byte, error), unmarshal func([]byte) error) error {
	data, err := marshal()
	if err != nil {
		return err
	}
	return unmarshal(data)
}

// deepCopy returns a copy of v, whose type has passed checkCopyable, that shares no
// memory with it.
func deepCopy(v reflect.Value) (reflect.Value, error) {
	c := copier{copies: map[origin]reflect.Value{}, plans: map[reflect.Type]copyPlan{}}
	to := reflect.New(v.Type()).Elem()
	if err := c.copy(to, v); err != nil {
		return reflect.Value{}, err
	}
	return to, nil
}

// copier remembers what it has copied, so that sharing and cycles survive, and what it
// has found out about types.
type copier struct {
	copies map[origin]reflect.Value
	plans  map[reflect.Type]copyPlan
}

// origin identifies one piece of memory seen as one type; length and capacity tell apart
// slices that begin at the same element.
type origin struct {
	at       unsafe.Pointer
	t        reflect.Type
	len, cap int
}

// copyPlan is how values of one type are copied.
type copyPlan struct {
	flat    bool                     // by assignment
	marshal func(from, to any) error // by the struct's own encoding, if not nil
	deep    []int                    // struct fields that need more than assignment
}

func (c copier) plan(t reflect.Type) copyPlan {
	if known, ok := c.plans[t]; ok {
		return known
	}
	p := copyPlan{flat: isFlat(t)}
	if !p.flat && t.Kind() == reflect.Struct {
		p.marshal = marshals(t)
		for f := range fields(t) {
			if !isFlat(f.Type) {
				p.deep = append(p.deep, f.Index[0])
			}
		}
	}
	c.plans[t] = p
	return p
}

func (c copier) copy(to, from reflect.Value) error {
	if c.plan(from.Type()).flat {
		to.Set(from)
		return nil
	}
	switch from.Kind() {
	case reflect.Interface:
		return c.copyInterface(to, from)
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return c.copyReference(to, from)
	case reflect.Array:
		return c.copyElements(to, from)
	case reflect.Struct:
		return c.copyStruct(to, from)
	}
	return fmt.Errorf("%w: a %v can't be copied", ErrType, from.Type())
}

func (c copier) copyInterface(to, from reflect.Value) error {
	if from.IsNil() {
		to.SetZero()
		return nil
	}
	held := from.Elem()
	if err := checkCopyable(held.Type()); err != nil {
		return err
	}
	made := reflect.New(held.Type()).Elem()
	if err := c.copy(made, held); err != nil {
		return err
	}
	to.Set(made)
	return nil
}

// copyReference copies what a pointer, slice or map refers to, once.
func (c copier) copyReference(to, from reflect.Value) error {
	if from.IsNil() {
		to.SetZero()
		return nil
	}
	t := from.Type()
	o := origin{at: from.UnsafePointer(), t: t}
	if t.Kind() == reflect.Slice {
		o.len, o.cap = from.Len(), from.Cap()
	}
	if made, ok := c.copies[o]; ok {
		to.Set(made)
		return nil
	}
	var made reflect.Value
	switch t.Kind() {
	case reflect.Pointer:
		made = reflect.New(t.Elem()).Convert(t)
	case reflect.Slice:
		made = reflect.MakeSlice(t, from.Len(), from.Len())
	case reflect.Map:
		made = reflect.MakeMapWithSize(t, from.Len())
	}
	to.Set(made)
	c.copies[o] = made
	switch t.Kind() {
	case reflect.Pointer:
		return c.copy(made.Elem(), from.Elem())
	case reflect.Slice:
		return c.copyElements(made, from)
	default:
		return c.copyEntries(made, from)
	}
}

func (c copier) copyElements(to, from reflect.Value) error {
	if c.plan(from.Type().Elem()).flat {
		reflect.Copy(to, from)
		return nil
	}
	for i := range from.Len() {
		if err := c.copy(to.Index(i), from.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c copier) copyEntries(to, from reflect.Value) error {
	for entry := from.MapRange(); entry.Next(); {
		key, value := reflect.New(from.Type().Key()).Elem(), reflect.New(from.Type().Elem()).Elem()
		if err := c.copy(key, entry.Key()); err != nil {
			return err
		}
		if err := c.copy(value, entry.Value()); err != nil {
			return err
		}
		to.SetMapIndex(key, value)
	}
	return nil
}

func (c copier) copyStruct(to, from reflect.Value) error {
	p := c.plan(from.Type())
	if p.marshal != nil {
		// The methods may have pointer receivers, so they are called on a place that has an address.
		place := reflect.New(from.Type())
		place.Elem().Set(from)
		if err := p.marshal(place.Interface(), to.Addr().Interface()); err != nil {
			return fmt.Errorf("copying a %v through its own encoding: %w", from.Type(), err)
		}
		return nil
	}
	// Assigning the whole takes the unexported fields along; those are flat.
	to.Set(from)
	for _, i := range p.deep {
		if err := c.copy(to.Field(i), from.Field(i)); err != nil {
			return err
		}
	}
	return nil
}
