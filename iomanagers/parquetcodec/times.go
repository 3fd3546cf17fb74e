package parquetcodec

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
)

// The times that nanoseconds since 1970 reach in 64 bits, in whole years. parquet-go counts
// in them on the way even where a tag asks for a coarser unit.
var (
	earliest = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

// timeCheck reports the first time in a value that parquet-go would silently change.
type timeCheck func(v reflect.Value) *timeError

// timeError is a time out of reach and the way to it.
type timeError struct {
	path string
	at   time.Time
	unit time.Duration // of the column, if the time is finer
}

func (f *timeError) Error() string {
	if f.unit > 0 {
		return fmt.Sprintf("%v: %s is %s, and its tag keeps multiples of %v only: truncate the time, or write the tag `timestamp(nanosecond)`",
			iomanagers.ErrUnsupported, strings.TrimPrefix(f.path, "."), f.at.Format(time.RFC3339Nano), f.unit)
	}
	return fmt.Sprintf("%v: %s is %s, and times in Parquet reach from 1678 to 2261: make the field a pointer, or tag it `parquet:\",optional\"`, to keep the zero time as null",
		iomanagers.ErrUnsupported, strings.TrimPrefix(f.path, "."), f.at.Format(time.RFC3339))
}

func (f *timeError) Unwrap() error { return iomanagers.ErrUnsupported }

// timeCheckOf returns the check of values of type t, which holds itself nowhere; nil if there
// is no time in it. tag is that of the field that holds the value.
func timeCheckOf(t reflect.Type, tag string) timeCheck {
	if t == reflect.TypeFor[time.Time]() {
		_, options, _ := strings.Cut(tag, ",")
		optional := strings.Contains(options, "optional")
		unit := unitIn(options)
		return func(v reflect.Value) *timeError {
			at := timeIn(v)
			if at.Nanosecond()%int(unit) != 0 {
				return &timeError{at: at, unit: unit}
			}
			return checkTime(at, optional)
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return pointerCheck(timeCheckOf(t.Elem(), strings.ReplaceAll(tag, "optional", "")))
	case reflect.Slice:
		return sliceCheck(timeCheckOf(t.Elem(), tag))
	case reflect.Map:
		return mapCheck(timeCheckOf(t.Key(), tag), timeCheckOf(t.Elem(), tag))
	case reflect.Struct:
		return structCheck(t)
	}
	return nil
}

func pointerCheck(held timeCheck) timeCheck {
	if held == nil {
		return nil
	}
	return func(v reflect.Value) *timeError {
		if v.IsNil() {
			return nil
		}
		return held(v.Elem())
	}
}

func sliceCheck(element timeCheck) timeCheck {
	if element == nil {
		return nil
	}
	return func(v reflect.Value) *timeError {
		for i := range v.Len() {
			if fault := element(v.Index(i)); fault != nil {
				return fault
			}
		}
		return nil
	}
}

func mapCheck(key, value timeCheck) timeCheck {
	if key == nil && value == nil {
		return nil
	}
	return func(v reflect.Value) *timeError {
		for entry := v.MapRange(); entry.Next(); {
			if key != nil {
				if fault := key(entry.Key()); fault != nil {
					return fault
				}
			}
			if value != nil {
				if fault := value(entry.Value()); fault != nil {
					return fault
				}
			}
		}
		return nil
	}
}

func structCheck(t reflect.Type) timeCheck {
	type field struct {
		index int
		name  string
		check timeCheck
	}
	var timed []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("parquet")
		if !f.IsExported() || tag == "-" {
			continue
		}
		if check := timeCheckOf(f.Type, tag); check != nil {
			timed = append(timed, field{i, f.Name, check})
		}
	}
	if timed == nil {
		return nil
	}
	return func(v reflect.Value) *timeError {
		for _, f := range timed {
			if fault := f.check(v.Field(f.index)); fault != nil {
				fault.path = "." + f.name + fault.path
				return fault
			}
		}
		return nil
	}
}

// timeIn returns the time in v without a copy on the heap where it can.
func timeIn(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}

func checkTime(t time.Time, optional bool) *timeError {
	if t.IsZero() && optional || !t.Before(earliest) && t.Before(latest) {
		return nil
	}
	return &timeError{at: t}
}

// unitIn returns the unit that the options of a tag give to times.
func unitIn(options string) time.Duration {
	switch {
	case strings.Contains(options, "microsecond"):
		return time.Microsecond
	case strings.Contains(options, "nanosecond"):
		return time.Nanosecond
	case strings.Contains(options, "timestamp"):
		return time.Millisecond
	}
	return time.Nanosecond
}
