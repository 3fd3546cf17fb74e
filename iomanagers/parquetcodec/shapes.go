package parquetcodec

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fxrun/fxrun/iomanagers"
)

// checkShapes reports a field within the struct type t that parquet-go stores, but does not load
// as it was.
func checkShapes(t reflect.Type, path string) error {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("parquet") == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		name := strings.TrimPrefix(path+"."+f.Name, ".")
		if f.Anonymous && deref(f.Type).Kind() == reflect.Struct {
			if f.Type.Kind() == reflect.Pointer || holdsPointer(f.Type) {
				return fmt.Errorf("%w: %s: an embedded struct that has pointers, or is behind one, loses its nulls; give the field a name", iomanagers.ErrType, name)
			}
		}
		if err := checkShape(f.Type, name); err != nil {
			return err
		}
	}
	return nil
}

func checkShape(t reflect.Type, path string) error {
	held := t
	switch t.Kind() {
	case reflect.Pointer:
		held = t.Elem()
		if held.Kind() == reflect.Slice && held.Elem().Kind() != reflect.Uint8 || held.Kind() == reflect.Map {
			return shapeFault(t, path)
		}
	case reflect.Slice:
		held = t.Elem()
		if held.Kind() == reflect.Pointer || held.Kind() == reflect.Map || held.Kind() == reflect.Slice && held.Elem().Kind() != reflect.Uint8 {
			return shapeFault(t, path)
		}
	case reflect.Map:
		held = t.Elem()
		for _, part := range []reflect.Type{t.Key(), held} {
			if part == reflect.TypeFor[time.Time]() || part.Kind() == reflect.Pointer || part.Kind() == reflect.Map {
				return shapeFault(t, path)
			}
		}
	}
	if held.Kind() == reflect.Struct && held != reflect.TypeFor[time.Time]() {
		return checkShapes(held, path)
	}
	return nil
}

func shapeFault(t reflect.Type, path string) error {
	return fmt.Errorf("%w: %s: a %v does not come back from Parquet as it was", iomanagers.ErrType, path, t)
}

func holdsPointer(t reflect.Type) bool {
	for i := range t.NumField() {
		held := t.Field(i).Type
		if held.Kind() == reflect.Pointer || held.Kind() == reflect.Struct && held != reflect.TypeFor[time.Time]() && holdsPointer(held) {
			return true
		}
	}
	return false
}

// checkCompression reports a column whose compression parquet-go reads as other bytes than
// those of the file.
func checkCompression(file *parquet.File) error {
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			if codec := column.MetaData.Codec; codec == format.Lz4Raw || codec == format.Lz4 {
				return fmt.Errorf("%w: column %s is compressed with LZ4; write the file with zstd or snappy",
					iomanagers.ErrUnsupported, strings.Join(column.MetaData.PathInSchema, "."))
			}
		}
	}
	return nil
}

// reach is the largest count, of what a column counts its times in, that nanoseconds reach.
type reach map[int]int64

func reachOf(schema *parquet.Schema) reach {
	found := reach{}
	for _, path := range schema.Columns() {
		leaf, _ := schema.Lookup(path...)
		logical := leaf.Node.Type().LogicalType()
		if logical == nil {
			continue
		}
		if stamp, ok := logical.Value.(*format.TimestampType); ok {
			if unit := stamp.Unit.Value.Duration(); unit > time.Nanosecond {
				found[leaf.ColumnIndex] = latest.Unix() * int64(time.Second/unit)
			}
		}
	}
	return found
}

func (r reach) check(values parquet.Row, columns [][]string, row int64) error {
	if len(r) == 0 {
		return nil
	}
	for _, value := range values {
		limit, limited := r[value.Column()]
		if limited && !value.IsNull() && (value.Int64() > limit || value.Int64() < -limit) {
			return fmt.Errorf("%w: row %d: column %s holds a time that is not between 1678 and 2261",
				iomanagers.ErrUnsupported, row, strings.Join(columns[value.Column()], "."))
		}
	}
	return nil
}
