package parquetcodec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

type order struct {
	ID    int64
	Item  string
	Price float64
}

func encoded(t *testing.T, rows any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := parquetcodec.Parquet().Encode(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestManyRowsComeBackFromAnyReader(t *testing.T) {
	t.Parallel()
	rows := make([]order, 5000)
	for i := range rows {
		rows[i] = order{ID: int64(i), Item: fmt.Sprint("item ", i), Price: float64(i) / 4}
	}
	data := encoded(t, rows)
	for name, r := range map[string]io.Reader{
		"a reader at any offset": bytes.NewReader(data),
		"a plain reader":         io.MultiReader(bytes.NewReader(data)),
	} {
		t.Run(name, func(t *testing.T) {
			var got []order
			if err := parquetcodec.Parquet().Decode(r, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rows, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowsOfAnotherTypeNeedTheSameColumns(t *testing.T) {
	t.Parallel()
	data := encoded(t, []struct {
		ID   int64
		Item *string
		Tags []string
		In   struct{ Depth int32 }
	}{{ID: 1}})
	for name, c := range map[string]struct {
		dst  any
		want string // of the error
	}{
		"fewer columns": {dst: new([]struct{ ID int64 })},
		"another order": {dst: new([]struct {
			Tags []string
			ID   int64
		})},
		"a new column that may lack": {dst: new([]struct {
			ID   int64
			Note *string
		})},
		"null where it may not be":    {dst: new([]struct{ ID *int64 })},
		"a new column":                {new([]struct{ Note string }), "the file has no column Note"},
		"a new column in a group":     {new([]struct{ In struct{ Height int } }), "the file has no column In.Height"},
		"a column of another type":    {new([]struct{ ID string }), "column ID is stored as INT(64,true), which does not go into the field ID of type string"},
		"a wider number":              {dst: new([]struct{ In struct{ Depth int64 } })},
		"a column that is null":       {new([]struct{ Item string }), "row 0: column Item is null"},
		"a column with several items": {new([]struct{ Tags string }), "column Tags is stored as a list"},
		"a group for a column":        {new([]struct{ In string }), "column In is stored as"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := parquetcodec.Parquet().Decode(bytes.NewReader(data), c.dst)
			if c.want == "" && err != nil {
				t.Error(err)
			}
			if c.want != "" && (!errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Decode gives %v, want %q", err, c.want)
			}
		})
	}
}

func TestATruncatedFileIsAnErrorNotAPanic(t *testing.T) {
	t.Parallel()
	data := encoded(t, []order{{1, "tea", 2.5}, {2, "milk", 1}})
	for n := range data {
		var got []order
		if err := parquetcodec.Parquet().Decode(bytes.NewReader(data[:n]), &got); err == nil {
			t.Errorf("the first %d of %d bytes give %v and no error", n, len(data), got)
		}
	}
}

func ExampleParquet() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)

	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder}, parquetcodec.Parquet())
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := files.Store(ctx, iomanagers.Output{Asset: "orders"}, []order{{1, "tea", 2.5}, {2, "milk", 1}}); err != nil {
		panic(err)
	}
	var items []struct{ Item string }
	fmt.Println(files.Load(ctx, iomanagers.Input{Asset: "orders"}, &items), items)
	var prices []struct{ Price int64 }
	err = files.Load(ctx, iomanagers.Input{Asset: "orders"}, &prices)
	fmt.Println(errors.Is(err, iomanagers.ErrType))
	// Output:
	// <nil> [{tea} {milk}]
	// true
}
