package iomanagers_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// temporary returns a folder for an example. Whoever calls it removes it.
func temporary() string {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	return folder
}

// Rows can be stored as a stream and loaded as a slice, and the other way round.
func Example_streams() {
	folder := temporary()
	defer os.RemoveAll(folder)
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()

	fetch := func(yield func(order, error) bool) {
		_ = yield(order{1, "tea"}, nil) && yield(order{2, "milk"}, nil) && yield(order{3, "tea"}, nil)
	}
	facts := map[string]any{}
	err = files.Store(ctx, iomanagers.Output{Asset: "orders", Format: "csv", Metadata: facts}, rows.Batch(fetch, 1000))
	fmt.Println(facts["rows"], "rows,", err)

	var orders iter.Seq2[order, error]
	if err := files.Load(ctx, iomanagers.Input{Asset: "orders", Format: "csv"}, &orders); err != nil {
		panic(err)
	}
	for o, err := range orders { // read from the file as it is asked for
		fmt.Println(o, err)
		if o.ID == 2 {
			break
		}
	}
	var all []order
	fmt.Println(files.Load(ctx, iomanagers.Input{Asset: "orders", Format: "csv"}, &all), all)

	// A stream that ends with an error leaves the earlier value whole.
	broken := func(yield func(order, error) bool) {
		_ = yield(order{9, "tea"}, nil) && yield(order{}, errors.New("page 2 is missing"))
	}
	err = files.Store(ctx, iomanagers.Output{Asset: "orders", Format: "csv"}, iter.Seq2[order, error](broken))
	fmt.Println(err)
	fmt.Println(files.Load(ctx, iomanagers.Input{Asset: "orders", Format: "csv"}, &all), len(all))
	// Output:
	// 3 rows, <nil>
	// {1 tea} <nil>
	// {2 milk} <nil>
	// <nil> [{1 tea} {2 milk} {3 tea}]
	// storing orders: encoding as csv: the stream ends after 1 rows: page 2 is missing
	// <nil> 3
}

// The codec is chosen by the Go type, unless an asset asks for a format.
func Example_codecs() {
	folder := temporary()
	defer os.RemoveAll(folder)
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder})
	if err != nil {
		panic(err)
	}
	type html string
	for _, v := range []struct {
		asset, format string
		value         any
	}{
		{"orders", "", []order{{1, "tea"}}},
		{"lines", "jsonl", []order{{1, "tea"}}},
		{"table", "csv", []order{{1, "tea"}}},
		{"index", "gob", map[order]int{{1, "tea"}: 7}},
		{"page", "", html("<p>")},
		{"picture", "", []byte{0x89, 'P', 'N', 'G'}},
		{"export", "", rows.From([][]byte{[]byte("chunk "), []byte("by chunk")})},
	} {
		facts := map[string]any{}
		if err := files.Store(context.Background(), iomanagers.Output{Asset: v.asset, Format: v.format, Metadata: facts}, v.value); err != nil {
			panic(err)
		}
		fmt.Println(filepath.Base(facts["path"].(string)))
	}
	// Output:
	// orders.json
	// lines.jsonl
	// table.csv
	// index.gob
	// page.txt
	// picture.bin
	// export.bin
}

// latest is an IO manager of one's own: it keeps the last value of each asset as one JSON file, and
// leaves out what the interface does not demand of a private one: partitions, streams, atomic writes.
type latest struct{ folder string }

func (l latest) Store(_ context.Context, out iomanagers.Output, value any) error {
	file, err := os.Create(filepath.Join(l.folder, filepath.Base(out.Asset)))
	if err != nil {
		return fmt.Errorf("storing %v: %w", out, err)
	}
	return errors.Join(iomanagers.JSON().Encode(file, value), file.Close())
}

func (l latest) Load(_ context.Context, in iomanagers.Input, dst any) error {
	file, err := os.Open(filepath.Join(l.folder, filepath.Base(in.Asset)))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("loading %v: %w", in, iomanagers.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("loading %v: %w", in, err)
	}
	defer file.Close()
	return iomanagers.JSON().Decode(file, dst)
}

// An IO manager of one's own is a type with two methods and a resource that assets name. What
// is to be trusted with data also passes iotest.Run.
func ExampleIOManager() {
	folder := temporary()
	defer os.RemoveAll(folder)
	c, err := container.New(
		container.Provide("io_manager", func() latest { return latest{folder} }, container.As[iomanagers.IOManager]()),
	)
	if err != nil {
		panic(err)
	}
	err = c.Invoke(context.Background(), func(ctx context.Context, values iomanagers.IOManager) error {
		if err := values.Store(ctx, iomanagers.Output{Asset: "answer"}, 42); err != nil {
			return err
		}
		var answer int
		fmt.Println(values.Load(ctx, iomanagers.Input{Asset: "answer"}, &answer), answer)
		fmt.Println(values.Load(ctx, iomanagers.Input{Asset: "question"}, &answer))
		return nil
	})
	fmt.Println(err)
	// Output:
	// <nil> 42
	// loading question: nothing is stored
	// <nil>
}

// logged is an IO manager that wraps another.
type logged struct{ iomanagers.IOManager }

func (l logged) Store(ctx context.Context, out iomanagers.Output, value any) error {
	err := l.IOManager.Store(ctx, out, value)
	fmt.Printf("stored %v: %v rows, %v\n", out, out.Metadata["rows"], err)
	return err
}

// Check passes on what the wrapped manager knows beforehand.
func (l logged) Check(format string, t reflect.Type) error {
	if checker, ok := l.IOManager.(iomanagers.Checker); ok {
		return checker.Check(format, t)
	}
	return nil
}

// One IO manager wraps another as one resource uses another. Assets name the outer one.
func ExampleIOManager_wrapping() {
	folder := temporary()
	defer os.RemoveAll(folder)
	c, err := container.New(
		iomanagers.Files("files", iomanagers.FilesConfig{Root: folder}),
		container.Provide("io_manager",
			func(files *iomanagers.FileManager) logged { return logged{files} },
			container.As[iomanagers.IOManager]()),
	)
	if err != nil {
		panic(err)
	}
	err = c.Invoke(context.Background(), func(ctx context.Context, values logged) error {
		out := iomanagers.Output{Asset: "orders", Partition: "2026-01-02", Metadata: map[string]any{}}
		return values.Store(ctx, out, rows.From([]order{{1, "tea"}}))
	})
	fmt.Println(err)
	// Output:
	// stored orders[2026-01-02]: 1 rows, <nil>
	// <nil>
}

// gzipped is a codec that wraps another.
type gzipped struct{ iomanagers.Codec }

func (g gzipped) Name() string      { return g.Codec.Name() + ".gz" }
func (g gzipped) Extension() string { return g.Codec.Extension() + ".gz" }

func (g gzipped) Encode(w io.Writer, value any) error {
	packed := gzip.NewWriter(w)
	if err := g.Codec.Encode(packed, value); err != nil {
		return err
	}
	return packed.Close()
}

func (g gzipped) Decode(r io.Reader, dst any) error {
	unpacked, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	return g.Codec.Decode(unpacked, dst)
}

// A format of one's own is a codec. This one has no streams, which a manager then says.
func ExampleCodec() {
	folder := temporary()
	defer os.RemoveAll(folder)
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder}, iomanagers.CSV(), gzipped{iomanagers.CSV()})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	facts := map[string]any{}
	fmt.Println(files.Store(ctx, iomanagers.Output{Asset: "orders", Format: "csv.gz", Metadata: facts}, []order{{1, "tea"}}))
	var loaded []order
	fmt.Println(files.Load(ctx, iomanagers.Input{Asset: "orders", Format: "csv.gz"}, &loaded), loaded, filepath.Base(facts["path"].(string)))
	err = files.Store(ctx, iomanagers.Output{Asset: "orders", Format: "csv.gz"}, rows.From(loaded))
	fmt.Println(errors.Is(err, iomanagers.ErrUnsupported))
	// Output:
	// <nil>
	// <nil> [{1 tea}] orders.csv.gz
	// true
}
