package rows

import (
	"net/netip"
	"reflect"
	"time"
)

// owning returns how a row that was assigned from another one gets memory of its own, so that
// nothing that happens to the other changes it. It is nil if the assignment has copied all.
//
// It returns false for types of which not everything can be copied: what an interface holds may
// be anything, memory behind unexported fields belongs to the methods of its type, and a type
// that holds itself may be a ring.
func owning(t reflect.Type) (own func(row reflect.Value), ok bool) {
	return ownership{}.of(t)
}

// ownership holds the types around the one that is looked at.
type ownership map[reflect.Type]bool

func (around ownership) of(t reflect.Type) (own func(v reflect.Value), ok bool) {
	if t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[netip.Addr]() {
		return nil, true // what they refer to does not change
	}
	if around[t] {
		return nil, false
	}
	around[t] = true
	defer delete(around, t)
	switch t.Kind() {
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return nil, false
	case reflect.Pointer:
		return around.ofPointer(t)
	case reflect.Slice:
		return around.ofSlice(t)
	case reflect.Map:
		return around.ofMap(t)
	case reflect.Array:
		return around.ofArray(t)
	case reflect.Struct:
		return around.ofStruct(t)
	}
	return nil, true
}

func (around ownership) ofPointer(t reflect.Type) (func(reflect.Value), bool) {
	own, ok := around.of(t.Elem())
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		copied := reflect.New(t.Elem())
		copied.Elem().Set(v.Elem())
		if own != nil {
			own(copied.Elem())
		}
		v.Set(copied.Convert(t))
	}, ok
}

func (around ownership) ofSlice(t reflect.Type) (func(reflect.Value), bool) {
	own, ok := around.of(t.Elem())
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		copied := reflect.MakeSlice(t, v.Len(), v.Len())
		reflect.Copy(copied, v)
		v.Set(copied)
		ownEach(v, own)
	}, ok
}

func (around ownership) ofArray(t reflect.Type) (func(reflect.Value), bool) {
	own, ok := around.of(t.Elem())
	if own == nil {
		return nil, ok
	}
	return func(v reflect.Value) { ownEach(v, own) }, ok
}

func ownEach(v reflect.Value, own func(reflect.Value)) {
	if own == nil {
		return
	}
	for i := range v.Len() {
		own(v.Index(i))
	}
}

func (around ownership) ofMap(t reflect.Type) (func(reflect.Value), bool) {
	ownKey, okKey := around.of(t.Key())
	own, ok := around.of(t.Elem())
	return func(v reflect.Value) {
		if v.IsNil() {
			return
		}
		copied := reflect.MakeMapWithSize(t, v.Len())
		for entry := v.MapRange(); entry.Next(); {
			value := reflect.New(t.Elem()).Elem()
			value.Set(entry.Value())
			if own != nil {
				own(value)
			}
			copied.SetMapIndex(entry.Key(), value)
		}
		v.Set(copied)
	}, ok && okKey && ownKey == nil // a key that is a pointer would be another key
}

func (around ownership) ofStruct(t reflect.Type) (func(reflect.Value), bool) {
	owns := map[int]func(reflect.Value){}
	for i := range t.NumField() {
		f := t.Field(i)
		own, ok := around.of(f.Type)
		reached := f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct
		if !ok || own != nil && !reached {
			return nil, false
		}
		if own != nil {
			owns[i] = own
		}
	}
	if len(owns) == 0 {
		return nil, true
	}
	return func(v reflect.Value) {
		for i, own := range owns {
			own(v.Field(i))
		}
	}, true
}
