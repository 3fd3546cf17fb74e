package parquetcodec_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

type (
	// plain has a field of each plain type.
	plain struct {
		B    bool
		I    int
		I8   int8
		I16  int16
		I32  int32
		I64  int64
		U    uint
		U8   uint8
		U16  uint16
		U32  uint32
		U64  uint64
		F32  float32
		F64  float64
		S    string `parquet:"text"`
		Raw  []byte
		At   time.Time
		Left string `parquet:"-"`
		PB   *bool
		PI8  *int8
		PU32 *uint32
		PS   *string
		PAt  *time.Time
		note string
	}
	// mixed has a list, which parquet-go reads only with a tag.
	mixed struct {
		ID    int64
		Tags  []string `parquet:",list"`
		Maybe *string
		At    time.Time
	}
	// tagged has tags for how the values are stored.
	tagged struct {
		ID   int64     `parquet:"id,delta"`
		Item string    `parquet:"item,dict"`
		At   time.Time `parquet:"at,timestamp(millisecond)"`
	}
	// nested has an embedded struct.
	nested struct {
		tagged2
		Name string
	}
	tagged2 struct{ ID int64 }
)

func plainRows() []plain {
	yes, least, most, text := true, int8(math.MinInt8), uint32(math.MaxUint32), "text"
	early, late := time.Date(1678, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(2261, 12, 31, 23, 59, 59, 999999999, time.UTC)
	all := []plain{
		{At: early, S: "", Raw: []byte{}},
		{
			true, math.MinInt, math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64,
			math.MaxUint, math.MaxUint8, math.MaxUint16, math.MaxUint32, math.MaxUint64,
			math.MaxFloat32, math.SmallestNonzeroFloat64, "ü\x00",
			[]byte{0, 255},
			late, "",
			&yes, &least, &most, &text, &late, "",
		},
		{At: late, PS: new(string), PB: new(bool), PAt: &early},
	}
	for len(all) < 2000 { // more than one write to a column
		all = append(all, all[len(all)%3])
	}
	return all
}

func TestPlainColumnsAreWhatTheLibraryWrites(t *testing.T) {
	t.Parallel()
	checkLibrary(t, plainRows(), cmp.AllowUnexported(plain{}))
}

func TestOtherRowsAreWhatTheLibraryWrites(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	maybe := "maybe"
	checkLibrary(t, []mixed{{1, []string{"a", "b"}, nil, at}, {2, nil, &maybe, at}})
	checkLibrary(t, []tagged{{1, "tea", at.Truncate(time.Second)}, {2, "tea", at.Truncate(time.Second)}, {3, "", at.Truncate(time.Second)}})
	checkLibrary(t, []nested{{tagged2{1}, "a"}, {tagged2{2}, "b"}}, cmp.AllowUnexported(nested{}))
}

// checkLibrary lets parquet-go, with the type at hand, read what the codec has written, and the
// other way round.
func checkLibrary[T any](t *testing.T, rows []T, opts ...cmp.Option) {
	t.Helper()
	equal := append(cmp.Options{cmpopts.EquateEmpty()}, opts...)
	data := encoded(t, rows)
	got, err := parquet.Read[T](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, got, equal); diff != "" {
		t.Errorf("the library reads %T changed (-written +read):\n%.2000s", rows, diff)
	}

	var b bytes.Buffer
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	var read []T
	if err := parquetcodec.Parquet().Decode(bytes.NewReader(b.Bytes()), &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, read, equal); diff != "" {
		t.Errorf("the codec reads %T changed (-written +read):\n%.2000s", rows, diff)
	}

	behind := make([]*T, len(rows))
	for i := range rows {
		behind[i] = &rows[i]
	}
	if !bytes.Equal(data, encoded(t, behind)) {
		t.Errorf("rows of %T behind pointers make another file", rows)
	}
}

// randomText returns a text that compression leaves large.
func randomText(n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = ' ' + byte(rand.IntN(64))
	}
	return string(text)
}

func TestRowGroupsAreBounded(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	codec := parquetcodec.Parquet().(iomanagers.RowCodec)
	encoder, err := codec.NewRowEncoder(&b, reflect.TypeFor[[]order]())
	if err != nil {
		t.Fatal(err)
	}
	const n = 40
	var rows []order
	for i := range n {
		rows = append(rows, order{ID: int64(i), Item: randomText(1 << 20)})
		if err := encoder.Write(rows[i:]); err != nil {
			t.Fatal(err)
		}
	}
	if written := b.Len(); written < 20<<20 {
		t.Errorf("of 40 MB only %d are written before the end", written)
	}
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil || len(file.RowGroups()) < 2 || file.NumRows() != n {
		t.Errorf("%d row groups with %d rows, %v", len(file.RowGroups()), file.NumRows(), err)
	}
	tail := bytes.Clone(b.Bytes()[b.Len()-8:])
	var got []order
	if err := parquetcodec.Parquet().Decode(&b, &got); err != nil || !slices.Equal(rows, got) {
		t.Errorf("%d rows come back, and %v", len(got), err)
	}
	if index := binary.LittleEndian.Uint32(tail); index > 10_000 {
		t.Errorf("the index has %d bytes: it holds long texts", index)
	}
}
