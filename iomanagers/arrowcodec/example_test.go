package arrowcodec_test

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
)

func ExampleArrow() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder}, iomanagers.JSON(), arrowcodec.Arrow())
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := files.Store(ctx, iomanagers.Output{Asset: "orders", Format: "arrow"}, []order{{1, "tea", 2.5}, {2, "milk", 1}}); err != nil {
		panic(err)
	}

	var items []struct{ Item string }
	fmt.Println(files.Load(ctx, iomanagers.Input{Asset: "orders", Format: "arrow"}, &items), items)

	var batch arrow.RecordBatch // chooses the codec by itself
	if err := files.Load(ctx, iomanagers.Input{Asset: "orders"}, &batch); err != nil {
		panic(err)
	}
	fmt.Println(batch.Column(2).(*array.Float64).Float64Values())
	// Output:
	// <nil> [{tea} {milk}]
	// [2.5 1]
}
