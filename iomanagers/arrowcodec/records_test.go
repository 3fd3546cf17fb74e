package arrowcodec_test

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
	"github.com/fxrun/fxrun/rows"
)

// numbers returns a record batch of one column.
func numbers(mem memory.Allocator, values ...int64) arrow.RecordBatch {
	schema := arrow.NewSchema([]arrow.Field{{Name: "N", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	b.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	return b.NewRecordBatch()
}

// everyKind returns a record batch with a column of each of Arrow's layouts.
func everyKind(t testing.TB) arrow.RecordBatch {
	t.Helper()
	utf8 := arrow.BinaryTypes.String
	var fields []arrow.Field
	for name, kind := range []arrow.DataType{
		arrow.Null, arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int8, arrow.FixedWidthTypes.Float16,
		arrow.FixedWidthTypes.Date32, arrow.FixedWidthTypes.Time64ns, arrow.FixedWidthTypes.Timestamp_ms,
		arrow.FixedWidthTypes.MonthDayNanoInterval, &arrow.Decimal128Type{Precision: 20, Scale: 2}, &arrow.Decimal256Type{Precision: 60, Scale: 2},
		utf8, arrow.BinaryTypes.LargeString, arrow.BinaryTypes.StringView, arrow.BinaryTypes.Binary, &arrow.FixedSizeBinaryType{ByteWidth: 3},
		arrow.ListOf(utf8), arrow.LargeListOf(arrow.PrimitiveTypes.Int8), arrow.ListViewOf(utf8), arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int16),
		arrow.StructOf(arrow.Field{Name: "a", Type: utf8, Nullable: true}), arrow.MapOf(utf8, arrow.PrimitiveTypes.Int32),
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: utf8},
		arrow.ListOf(&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: utf8}),
		arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, utf8),
		arrow.SparseUnionOf([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int8, Nullable: true}, {Name: "s", Type: utf8, Nullable: true}}, []arrow.UnionTypeCode{0, 1}),
		arrow.DenseUnionOf([]arrow.Field{{Name: "i", Type: arrow.PrimitiveTypes.Int8, Nullable: true}, {Name: "s", Type: utf8, Nullable: true}}, []arrow.UnionTypeCode{0, 1}),
	} {
		fields = append(fields, arrow.Field{Name: string(rune('a' + name)), Type: kind, Nullable: true})
	}
	fields[1].Metadata = arrow.NewMetadata([]string{"unit"}, []string{"cm"})
	meta := arrow.NewMetadata([]string{"source"}, []string{"a test"})
	values := map[arrow.Type]string{
		arrow.BOOL: "true", arrow.INT8: "-3", arrow.FLOAT16: "1.5", arrow.DATE32: `"2026-01-02"`, arrow.TIME64: `"01:02:03.000000004"`,
		arrow.TIMESTAMP: `"2026-01-02T03:04:05Z"`, arrow.INTERVAL_MONTH_DAY_NANO: `{"months":1,"days":2,"nanoseconds":3}`,
		arrow.DECIMAL128: `"12.34"`, arrow.DECIMAL256: `"12.34"`, arrow.STRING: `"tea"`, arrow.LARGE_STRING: `"milk"`,
		arrow.STRING_VIEW: `"a text that is longer than what a view holds itself"`, arrow.BINARY: `"AAEC"`, arrow.FIXED_SIZE_BINARY: `"AAEC"`,
		arrow.LIST: `["x",null]`, arrow.LARGE_LIST: `[1,2]`, arrow.LIST_VIEW: `["y","z"]`, arrow.FIXED_SIZE_LIST: `[1,2]`,
		arrow.STRUCT: `{"a":"b"}`, arrow.MAP: `[{"key":"k","value":1}]`, arrow.DICTIONARY: `"d"`, arrow.RUN_END_ENCODED: `"r"`,
		arrow.SPARSE_UNION: `[1,"u"]`, arrow.DENSE_UNION: `[0,4]`,
	}
	var columns []arrow.Array
	for _, f := range fields {
		value := values[f.Type.ID()]
		text := "[" + value + ",null," + value + "," + value + "]"
		if value == "" {
			text = "[null,null,null,null]"
		}
		column, _, err := array.FromJSON(memory.NewGoAllocator(), f.Type, strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v: %v", f.Type, err)
		}
		columns = append(columns, column)
	}
	return array.NewRecordBatchWithMetadata(arrow.NewSchema(fields, &meta), columns, 4, arrow.NewMetadata([]string{"batch"}, []string{"1"}))
}

// without returns the record batch without the columns of some types.
func without(record arrow.RecordBatch, kinds ...arrow.Type) arrow.RecordBatch {
	var fields []arrow.Field
	var columns []arrow.Array
	for i, f := range record.Schema().Fields() {
		if !slices.Contains(kinds, f.Type.ID()) {
			fields, columns = append(fields, f), append(columns, record.Column(i))
		}
	}
	meta := record.Schema().Metadata()
	return array.NewRecordBatch(arrow.NewSchema(fields, &meta), columns, record.NumRows())
}

// sameRecords reports how records differ.
func sameRecords(t *testing.T, want, got []arrow.RecordBatch) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d record batches, want %d", len(got), len(want))
	}
	for i := range want {
		if !want[i].Schema().Equal(got[i].Schema()) || !want[i].Schema().Metadata().Equal(got[i].Schema().Metadata()) {
			t.Errorf("record batch %d has schema %v, want %v", i, got[i].Schema(), want[i].Schema())
			continue
		}
		for c := range want[i].Columns() {
			if w, g := want[i].Column(c), got[i].Column(c); !array.Equal(w, g) {
				t.Errorf("record batch %d: column %v is %v, want %v", i, w.DataType(), g, w)
			}
		}
		if w, g := want[i].(arrow.RecordBatchWithMetadata), got[i].(arrow.RecordBatchWithMetadata); !w.Metadata().Equal(g.Metadata()) {
			t.Errorf("record batch %d has metadata %v, want %v", i, g.Metadata(), w.Metadata())
		}
	}
}

func TestRecordBatchesComeBackAsTheyAre(t *testing.T) {
	t.Parallel()
	whole := everyKind(t)
	// These can only be written whole, see below.
	parts := without(whole, arrow.LIST_VIEW, arrow.DENSE_UNION)
	m := newFiles(t, t.TempDir())
	for name, record := range map[string]arrow.RecordBatch{
		"whole": whole, "the beginning": whole.NewSlice(0, 1), "the middle": parts.NewSlice(1, 3), "the end": parts.NewSlice(2, 4), "nothing": parts.NewSlice(2, 2),
	} {
		for _, stored := range []any{record, []arrow.RecordBatch{record}, rows.From([]arrow.RecordBatch{record}), rows.Batch(rows.From([]arrow.RecordBatch{record}), 1)} {
			if err := m.Store(t.Context(), iomanagers.Output{Asset: name}, stored); err != nil {
				t.Errorf("storing %s: %v", name, err)
				continue
			}
			var one arrow.RecordBatch
			var some []arrow.RecordBatch
			var stream iter.Seq2[arrow.RecordBatch, error]
			var batches iter.Seq2[[]arrow.RecordBatch, error]
			for _, dst := range []any{&one, &some, &stream, &batches} {
				if err := m.Load(t.Context(), iomanagers.Input{Asset: name}, dst); err != nil {
					t.Fatalf("loading %s: %v", name, err)
				}
			}
			want := []arrow.RecordBatch{record}
			sameRecords(t, want, []arrow.RecordBatch{one})
			sameRecords(t, want, some)
			for _, sequence := range []iter.Seq2[arrow.RecordBatch, error]{stream, rows.Each(batches)} {
				got, err := rows.Collect(sequence)
				if err != nil {
					t.Error(err)
				}
				sameRecords(t, want, got)
			}
		}
	}
}

func TestManyRecordBatches(t *testing.T) {
	t.Parallel()
	mem := memory.NewGoAllocator()
	type named []arrow.RecordBatch
	for n := range 4 {
		var want []arrow.RecordBatch
		for i := range n {
			want = append(want, numbers(mem, int64(i), int64(n)))
		}
		data := encoded(t, want)
		var got named
		if err := arrowcodec.Arrow().Decode(bytes.NewReader(data), &got); err != nil {
			t.Fatal(err)
		}
		sameRecords(t, want, got)
		var one arrow.RecordBatch
		if err := arrowcodec.Arrow().Decode(bytes.NewReader(data), &one); (n == 1) != (err == nil) || err != nil && !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("%d record batches as one give %v", n, err)
		}
	}
}

func TestRowsAndRecordBatchesAreTheSameFiles(t *testing.T) {
	t.Parallel()
	m := newFiles(t, t.TempDir())
	orders := []order{{1, "tea", 2.5}, {2, "milk", 1}}
	load := func(asset string, stored reflect.Type, dst any) {
		t.Helper()
		if err := m.Load(t.Context(), iomanagers.Input{Asset: asset, Stored: stored}, dst); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "rows"}, orders); err != nil {
		t.Fatal(err)
	}
	var records []arrow.RecordBatch
	load("rows", reflect.TypeFor[[]order](), &records)
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "records"}, records); err != nil {
		t.Fatal(err)
	}
	var got []order
	load("records", reflect.TypeFor[[]arrow.RecordBatch](), &got)
	if diff := cmp.Diff(orders, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	var stream iter.Seq2[order, error]
	load("records", reflect.TypeFor[[]arrow.RecordBatch](), &stream)
	if got, err := rows.Collect(stream); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestRecordBatchesChooseTheCodec(t *testing.T) {
	t.Parallel()
	m, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()}, iomanagers.JSON(), arrowcodec.Arrow())
	if err != nil {
		t.Fatal(err)
	}
	record := numbers(memory.NewGoAllocator(), 1)
	for _, value := range []any{record, []arrow.RecordBatch{record}, rows.From([]arrow.RecordBatch{record}), rows.Batch(rows.From([]arrow.RecordBatch{record}), 1), []order{}} {
		metadata := map[string]any{}
		if err := m.Store(t.Context(), iomanagers.Output{Asset: "a", Metadata: metadata}, value); err != nil {
			t.Error(err)
		}
		_, isRows := value.([]order)
		if path := metadata["path"].(string); strings.HasSuffix(path, ".arrow") == isRows {
			t.Errorf("a %T is stored in %s", value, path)
		}
	}
	claimer := arrowcodec.Arrow().(iomanagers.TypeClaimer)
	for _, other := range []reflect.Type{nil, reflect.TypeFor[any](), reflect.TypeFor[[]order](), reflect.TypeFor[wrapped](), reflect.TypeFor[[]wrapped]()} {
		if claimer.Claims(other) {
			t.Errorf("%v is claimed", other)
		}
	}
}

// wrapped is a record batch with more to it.
type wrapped struct {
	arrow.RecordBatch
	Note string
}

func TestRecordBatchesThatWouldLoseSomethingAreRefused(t *testing.T) {
	t.Parallel()
	mem := memory.NewGoAllocator()
	one := numbers(mem, 1)
	with := func(name, note string) arrow.RecordBatch {
		meta := arrow.NewMetadata([]string{"note"}, []string{note})
		schema := arrow.NewSchema([]arrow.Field{{Name: name, Type: arrow.PrimitiveTypes.Int64}}, &meta)
		return array.NewRecordBatch(schema, one.Columns(), 1)
	}
	dictionary := func(value string) arrow.RecordBatch {
		kind := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Float64}
		column, _, err := array.FromJSON(mem, kind, strings.NewReader("["+value+"]"))
		if err != nil {
			t.Fatal(err)
		}
		return array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "d", Type: kind}}, nil), []arrow.Array{column}, 1)
	}
	damaged := func() arrow.RecordBatch {
		data := array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{nil, memory.NewBufferBytes([]byte{0, 0, 0, 0, 1, 0, 0, 0}), memory.NewBufferBytes([]byte{0xff})}, nil, 0, 0)
		return array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "s", Type: arrow.BinaryTypes.String}}, nil), []arrow.Array{array.MakeFromData(data)}, 1)
	}
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"nothing":             {nil, "there is no value"},
		"a nil one":           {[]arrow.RecordBatch{one, nil}, "record batch 1: not supported: it is nil"},
		"another type":        {[]arrow.RecordBatch{wrapped{one, "!"}}, "record batch 0: not supported: it is a arrowcodec_test.wrapped"},
		"another schema":      {[]arrow.RecordBatch{one, with("M", "")}, "record batch 1: not supported: its schema is another than that of the first"},
		"other metadata":      {[]arrow.RecordBatch{with("N", "a"), with("N", "b")}, "its schema is another"},
		"another dictionary":  {[]arrow.RecordBatch{dictionary("1"), dictionary("2")}, "record batch 1: not supported: a dictionary is another than that of the first"},
		"nearly the same one": {[]arrow.RecordBatch{dictionary("1"), dictionary("1.000000001")}, "a dictionary is another"},
		"a part of a view":    {everyKind(t).NewSlice(1, 2), "is a part of a longer list_view<item: utf8, nullable>"},
		"damaged memory":      {damaged(), "not valid utf8"},
	} {
		err := arrowcodec.Arrow().Encode(new(bytes.Buffer), c.value)
		if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Encode gives %v, want %q", name, err, c.want)
		}
	}
	sameRecords(t, []arrow.RecordBatch{dictionary("1"), dictionary("1")}, decoded(t, []arrow.RecordBatch{dictionary("1"), dictionary("1")}))
}

func decoded(t *testing.T, records []arrow.RecordBatch) (got []arrow.RecordBatch) {
	t.Helper()
	if err := arrowcodec.Arrow().Decode(bytes.NewReader(encoded(t, records)), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// wiping clears memory that is given back, so that whoever still looks at it sees that.
type wiping struct{ memory.Allocator }

func (w wiping) Free(b []byte) {
	clear(b)
	w.Allocator.Free(b)
}

// TestMemoryIsReleased counts what is asked of Arrow's allocator and given back.
func TestMemoryIsReleased(t *testing.T) {
	t.Parallel()
	mem := memory.NewCheckedAllocator(wiping{memory.NewGoAllocator()})
	defer mem.AssertSize(t, 0)
	codec := arrowcodec.ArrowIn(mem).(iomanagers.RowCodec)
	encode := func(value any) []byte {
		var b bytes.Buffer
		_ = codec.Encode(&b, value)
		return b.Bytes()
	}
	atRest := func(what string) {
		t.Helper()
		if n := mem.CurrentAlloc(); n != 0 {
			t.Errorf("after %s %d bytes are not given back", what, n)
		}
	}

	data := encode(probes())
	encode([]order{{Item: "\xff"}})
	encode([]*order{{}, nil})
	atRest("writing rows")
	var got []probe
	for n := range data {
		_ = codec.Decode(bytes.NewReader(data[:n]), &got)
	}
	if err := codec.Decode(bytes.NewReader(data), &got); err != nil {
		t.Error(err)
	}
	decoder, err := codec.NewRowDecoder(bytes.NewReader(data), reflect.TypeFor[[]probe]())
	if err != nil {
		t.Fatal(err)
	}
	some := make([]probe, 0, 1)
	if err := errors.Join(decoder.Read(&some), decoder.Close()); err != nil { // broken off
		t.Error(err)
	}
	if diff := cmp.Diff(probes(), got, equal()); diff != "" { // rows share nothing with what was given back
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	atRest("reading rows")

	records := []arrow.RecordBatch{numbers(mem, 1, 2), numbers(mem, math.MaxInt64)}
	data = encode(records)
	encode([]arrow.RecordBatch{records[0], nil})
	for _, record := range records {
		record.Release()
	}
	kinds := encode([]arrow.RecordBatch{everyKind(t), everyKind(t)})
	atRest("writing record batches")
	var loaded []arrow.RecordBatch
	if err := codec.Decode(bytes.NewReader(data), &loaded); err != nil {
		t.Fatal(err)
	}
	for _, record := range loaded {
		record.Release()
	}
	atRest("releasing loaded record batches")
	if err := codec.Decode(bytes.NewReader(kinds), &loaded); err != nil {
		t.Fatal(err)
	}
	for _, record := range loaded {
		record.Release()
	}
	atRest("releasing loaded record batches of every kind")
	for n := range 20 {
		if loaded = nil; codec.Decode(&flakyReader{Reader: bytes.NewReader(data), good: n, fault: errors.New("gone")}, &loaded) == nil {
			for _, record := range loaded {
				record.Release()
			}
			break
		}
	}
	atRest("failing to read record batches")
}

// TestALargeRecordBatchComesBack stores one beyond the library's limit for streams.
func TestALargeRecordBatchComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a gigabyte")
	}
	const n = 257 << 20
	schema := arrow.NewSchema([]arrow.Field{{Name: "B", Type: arrow.PrimitiveTypes.Uint8}}, nil)
	data := array.NewData(arrow.PrimitiveTypes.Uint8, n, []*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, n))}, nil, 0, 0)
	record := array.NewRecordBatch(schema, []arrow.Array{array.MakeFromData(data)}, n)
	m := newFiles(t, t.TempDir())
	if err := m.Store(t.Context(), iomanagers.Output{Asset: "large"}, record); err != nil {
		t.Fatal(err)
	}
	var got arrow.RecordBatch
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "large"}, &got); err != nil || got.NumRows() != n {
		t.Error(err)
	}
}
