package parquetcodec_test

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

func TestFilesWithLZ4AreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lz4_1000", "duckdb_lz4"} {
		data, err := os.ReadFile("testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		var got []struct {
			ID *int64 `parquet:"id"`
		}
		if err := parquetcodec.Parquet().Decode(bytes.NewReader(data), &got); !errors.Is(err, iomanagers.ErrUnsupported) {
			t.Errorf("%s: %d rows, %v", name, len(got), err)
		}
	}
}

func TestATimeFinerThanItsTagIsRefused(t *testing.T) {
	t.Parallel()
	type row struct {
		At time.Time `parquet:"at,timestamp(millisecond)"`
	}
	err := parquetcodec.Parquet().Encode(new(bytes.Buffer), []row{{At: time.Unix(1, 0)}, {At: time.Unix(1, 1000)}})
	if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "row 1") {
		t.Error(err)
	}
}

type pointers struct{ N *int64 }

func TestShapesThatWouldChangeAreRefused(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]reflect.Type{
		"pointers in a list":  reflect.TypeFor[[]struct{ V []*int64 }](),
		"structs in a list":   reflect.TypeFor[[]struct{ V []*struct{ N int } }](),
		"times in a map":      reflect.TypeFor[[]struct{ V map[string]time.Time }](),
		"a pointer to a list": reflect.TypeFor[[]struct{ V *[]string }](),
		"embedded pointers":   reflect.TypeFor[[]struct{ pointers }](),
	} {
		if err := parquetcodec.Parquet().(iomanagers.TypeChecker).CheckType(shape); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
