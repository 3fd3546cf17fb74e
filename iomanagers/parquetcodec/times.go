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

// checkTimes reports the first time in rows that parquet-go would silently change.
func checkTimes(rows reflect.Value) error {
	if !holdsTime(rows.Type(), map[reflect.Type]bool{}) {
		return nil
	}
	for i := range rows.Len() {
		if err := walkTimes(rows.Index(i), "", ""); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

func holdsTime(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == reflect.TypeFor[time.Time]() {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		return holdsTime(t.Elem(), seen)
	case reflect.Map:
		return holdsTime(t.Key(), seen) || holdsTime(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && holdsTime(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

func walkTimes(v reflect.Value, path, tag string) error {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return checkTime(v.Interface().(time.Time), path, tag)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return walkTimes(v.Elem(), path, strings.ReplaceAll(tag, "optional", ""))
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := walkTimes(v.Index(i), path, tag); err != nil {
				return err
			}
		}
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			for _, held := range []reflect.Value{entry.Key(), entry.Value()} {
				if err := walkTimes(held, path, tag); err != nil {
					return err
				}
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if tag := f.Tag.Get("parquet"); f.IsExported() && tag != "-" {
				if err := walkTimes(v.Field(i), strings.TrimPrefix(path+"."+f.Name, "."), tag); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkTime(t time.Time, path, tag string) error {
	_, options, _ := strings.Cut(tag, ",")
	null := t.IsZero() && strings.Contains(options, "optional")
	if null || !t.Before(earliest) && t.Before(latest) {
		return nil
	}
	return fmt.Errorf("%w: %s is %s, and times in Parquet reach from 1678 to 2261: make the field a pointer, or tag it `parquet:\",optional\"`, to keep the zero time as null",
		iomanagers.ErrUnsupported, path, t.Format(time.RFC3339))
}
