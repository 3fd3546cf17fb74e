package arrowcodec_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
)

// columnFile returns a file with one column V, with the values in JSON.
func columnFile(t *testing.T, kind arrow.DataType, values string) []byte {
	t.Helper()
	column, _, err := array.FromJSON(memory.NewGoAllocator(), kind, strings.NewReader(values))
	if err != nil {
		t.Fatal(err)
	}
	return recordFile(t, column)
}

func recordFile(t *testing.T, column arrow.Array) []byte {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "V", Type: column.DataType(), Nullable: true}}, nil)
	return written(t, array.NewRecordBatch(schema, []arrow.Array{column}, int64(column.Len())))
}

func TestValuesAtTheLimits(t *testing.T) {
	t.Parallel()
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	for _, c := range []struct {
		kind   arrow.DataType
		values string
		dst    reflect.Type // of V
		want   string       // the values, or the end of the error
	}{
		{arrow.PrimitiveTypes.Int64, `[-128, 127]`, reflect.TypeFor[int8](), "[{-128} {127}]"},
		{arrow.PrimitiveTypes.Int64, `[0, 128]`, reflect.TypeFor[int8](), "row 1: wrong type: column V is 128, which does not fit in int8: declare int64"},
		{arrow.PrimitiveTypes.Int8, `[-1]`, reflect.TypeFor[uint64](), "column V is -1, which does not fit in uint64: declare int8"},
		{arrow.PrimitiveTypes.Uint64, `[9223372036854775807]`, reflect.TypeFor[int64](), "[{9223372036854775807}]"},
		{arrow.PrimitiveTypes.Uint64, `[9223372036854775808]`, reflect.TypeFor[int64](), "column V is 9223372036854775808, which does not fit in int64: declare uint64"},
		{arrow.PrimitiveTypes.Uint64, `[18446744073709551615]`, reflect.TypeFor[uint](), "[{18446744073709551615}]"},
		{arrow.PrimitiveTypes.Float64, `[-3, 9007199254740992]`, reflect.TypeFor[int](), "[{-3} {9007199254740992}]"},
		{arrow.PrimitiveTypes.Float64, `[1.5]`, reflect.TypeFor[int](), "column V is 1.5, which does not fit in int: declare float64"},
		{arrow.PrimitiveTypes.Float64, `[1e300]`, reflect.TypeFor[int](), "column V is 1e+300, which does not fit in int: declare float64"},
		{arrow.PrimitiveTypes.Float64, `["NaN"]`, reflect.TypeFor[uint8](), "column V is NaN, which does not fit in uint8: declare float64"},
		{arrow.PrimitiveTypes.Float64, `[-1]`, reflect.TypeFor[uint8](), "column V is -1, which does not fit in uint8: declare float64"},
		{arrow.PrimitiveTypes.Int64, `[9007199254740992, -9007199254740992]`, reflect.TypeFor[float64](), "[{9.007199254740992e+15} {-9.007199254740992e+15}]"},
		{arrow.PrimitiveTypes.Int64, `[9007199254740993]`, reflect.TypeFor[float64](), "column V is 9007199254740993, which does not fit in float64: declare int64"},
		{arrow.PrimitiveTypes.Int64, `[16777217]`, reflect.TypeFor[float32](), "column V is 16777217, which does not fit in float32: declare int64"},
		{arrow.PrimitiveTypes.Float64, `[0.5, "NaN", "+Inf"]`, reflect.TypeFor[float32](), "[{0.5} {NaN} {+Inf}]"},
		{arrow.PrimitiveTypes.Float64, `[0.1]`, reflect.TypeFor[float32](), "column V is 0.1, which does not fit in float32: declare float64"},
		{arrow.FixedWidthTypes.Duration_s, `[9223372036]`, reflect.TypeFor[time.Duration](), "[{2562047h47m16s}]"},
		{arrow.FixedWidthTypes.Duration_s, `[9223372037]`, reflect.TypeFor[time.Duration](), "column V is 9223372037s, and a time.Duration reaches 292 years: load record batches"},
		{arrow.FixedWidthTypes.Timestamp_s, `[-62167219200, 253402300799]`, reflect.TypeFor[time.Time](), "[{0000-01-01 00:00:00 +0000 UTC} {9999-12-31 23:59:59 +0000 UTC}]"},
		{arrow.FixedWidthTypes.Timestamp_us, `[253402300799999999]`, reflect.TypeFor[time.Time](), "[{9999-12-31 23:59:59.999999 +0000 UTC}]"},
		{&arrow.Decimal128Type{Precision: 38, Scale: 0}, `["-99999999999999999999999999999999999999"]`, reflect.TypeFor[string](), "[{-99999999999999999999999999999999999999}]"},
		{&arrow.Decimal128Type{Precision: 5, Scale: 4}, `["0.0001", "-0.0001", "0", "1.2345"]`, reflect.TypeFor[string](), "[{0.0001} {-0.0001} {0.0000} {1.2345}]"},
		{&arrow.Decimal128Type{Precision: 5, Scale: 2}, `["1.50"]`, reflect.TypeFor[float64](), "column V is stored as decimal(5, 2), which is not read into float64: declare string, or a struct type that has MarshalText and UnmarshalText"},
		{arrow.BinaryTypes.Binary, `["YWJj"]`, reflect.TypeFor[[3]byte](), "[{[97 98 99]}]"},
		{arrow.BinaryTypes.Binary, `["YWJj"]`, reflect.TypeFor[[4]byte](), "column V has 3 bytes, and [4]uint8 has 4: declare []byte"},
		{arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int8), `[[{"key": "a", "value": 1}, {"key": "a", "value": 2}]]`, reflect.TypeFor[map[string]int](), "column V has the key a twice, and a map keeps one: load record batches"},
		{arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int8), `[[{"key": "a", "value": null}]]`, reflect.TypeFor[map[string]int](), "column V[a] is null: declare *int"},
		{arrow.ListOf(arrow.PrimitiveTypes.Int8), `[[1, null]]`, reflect.TypeFor[[]int8](), "column V[1] is null: declare *int8"},
		{arrow.ListOf(arrow.StructOf(arrow.Field{Name: "X", Type: arrow.PrimitiveTypes.Int64, Nullable: true})), `[[{"X": 1}], [{"X": 1}, {"X": 300}]]`, reflect.TypeFor[[]struct{ X int8 }](), "row 1: wrong type: column V[1].X is 300, which does not fit in int8: declare int64"},
		{dictionary, `["a", "b", "a", null]`, reflect.TypeFor[string](), "row 3: wrong type: column V is null: declare *string"},
		{dictionary, `["a", "b", "a"]`, reflect.TypeFor[string](), "[{a} {b} {a}]"},
		{dictionary, `["a"]`, reflect.TypeFor[int](), "which is not read into int: declare string"},
		{arrow.Null, `[null]`, reflect.TypeFor[string](), "row 0: wrong type: column V is null: declare *string"},
		{arrow.Null, `[]`, reflect.TypeFor[string](), "[]"},
	} {
		got := reflect.New(reflect.SliceOf(reflect.StructOf([]reflect.StructField{{Name: "V", Type: c.dst}})))
		err := arrowcodec.Arrow().Decode(bytes.NewReader(columnFile(t, c.kind, c.values)), got.Interface())
		text := fmt.Sprint(got.Elem())
		if err != nil {
			if text = err.Error(); !errors.Is(err, iomanagers.ErrType) {
				t.Errorf("%v does not match ErrType", err)
			}
		}
		if text != c.want && (err == nil || !strings.HasSuffix(text, c.want)) {
			t.Errorf("%s of %v as %v: %s, want %s", c.values, c.kind, c.dst, text, c.want)
		}
	}
}

func TestNumbersBeyondWhatGoCountsAreRefused(t *testing.T) {
	t.Parallel()
	builder := array.NewTimestampBuilder(memory.NewGoAllocator(), &arrow.TimestampType{Unit: arrow.Second})
	builder.Append(1 << 62)
	var got []struct{ V time.Time }
	err := arrowcodec.Arrow().Decode(bytes.NewReader(recordFile(t, builder.NewArray())), &got)
	if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "which a time.Time can't count") {
		t.Errorf("Decode gives %v and %v", got, err)
	}
}

// TestANullInADictionaryIsANull reads a column whose dictionary has a null among its values.
func TestANullInADictionaryIsANull(t *testing.T) {
	t.Parallel()
	values, _, err := array.FromJSON(memory.NewGoAllocator(), arrow.BinaryTypes.String, strings.NewReader(`["a", null]`))
	if err != nil {
		t.Fatal(err)
	}
	numbers, _, err := array.FromJSON(memory.NewGoAllocator(), arrow.PrimitiveTypes.Int8, strings.NewReader(`[0, 1, null]`))
	if err != nil {
		t.Fatal(err)
	}
	kind := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	data := recordFile(t, array.NewDictionaryArray(kind, numbers, values))
	var got []struct{ V *string }
	if err := arrowcodec.Arrow().Decode(bytes.NewReader(data), &got); err != nil || *got[0].V != "a" || got[1].V != nil || got[2].V != nil {
		t.Errorf("Decode gives %v and %v", got, err)
	}
	var plain []struct{ V string }
	if err := arrowcodec.Arrow().Decode(bytes.NewReader(data), &plain); err == nil || err.Error() != "row 1: wrong type: column V is null: declare *string" {
		t.Errorf("Decode gives %v and %v", plain, err)
	}
}
