package objectstore_test

import (
	"context"
	"fmt"
	"iter"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/objectstore"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
	"github.com/fxrun/fxrun/modules/bucket"
	"github.com/fxrun/fxrun/rows"
)

// Order is a row.
type Order struct {
	ID    int
	Cents int
}

func Example() {
	c, err := container.New(
		// s3://my-bucket?region=eu-central-1, with the driver imported, needs no
		// PerProcess.
		container.Provide("lake", bucket.New, container.Config(bucket.Config{URL: "mem://"}), container.PerProcess()),
		objectstore.Objects("io_manager", objectstore.Config{Prefix: "assets"}, parquetcodec.Parquet(), iomanagers.CSV()),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	ctx := context.Background()
	store := func(values iomanagers.IOManager, lake *bucket.Bucket) error {
		metadata := map[string]any{}
		orders := rows.From([]Order{{ID: 7, Cents: 1250}, {ID: 8, Cents: 990}}) // a stream, as a long one would be
		err := values.Store(ctx, iomanagers.Output{Asset: "raw/orders", Format: "csv", Metadata: metadata}, orders)
		fmt.Println(metadata["rows"], "rows in", metadata["path"])
		content, _ := lake.ReadAll(ctx, "assets/raw/orders.csv")
		fmt.Print(string(content))
		return err
	}
	load := func(values iomanagers.IOManager) error {
		var orders iter.Seq2[Order, error]
		err := values.Load(ctx, iomanagers.Input{Asset: "raw/orders", Format: "csv"}, &orders)
		if err != nil {
			return err
		}
		for order, err := range orders {
			if err != nil {
				return err
			}
			fmt.Println(order)
		}
		return nil
	}
	fmt.Println(c.Invoke(ctx, store))
	fmt.Println(c.Invoke(ctx, load))
	// Output:
	// 2 rows in mem://assets/raw/orders.csv
	// ID,Cents
	// 7,1250
	// 8,990
	// <nil>
	// {7 1250}
	// {8 990}
	// <nil>
}

// Where there are several buckets, a name tag says which.
func ExampleNew() {
	type buckets struct {
		fx.In
		Lake *bucket.Bucket `name:"lake"`
	}
	c, err := container.New(
		container.Supply("landing", bucket.NewMemory()),
		container.Supply("lake", bucket.NewMemory()),
		container.Provide("io_manager",
			func(in buckets, cfg objectstore.Config) (*objectstore.Manager, error) {
				return objectstore.New(in.Lake, cfg, iomanagers.JSON())
			},
			container.Config(objectstore.Config{}),
			container.As[iomanagers.IOManager](),
			iomanagers.Checks(iomanagers.CheckCodecs(iomanagers.JSON()))),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	ctx := context.Background()
	fmt.Println(c.Invoke(ctx, func(values iomanagers.IOManager, in buckets) error {
		err := values.Store(ctx, iomanagers.Output{Asset: "orders"}, []Order{{ID: 7}})
		for object := range in.Lake.List(ctx, "") {
			fmt.Println(object.Key)
		}
		return err
	}))
	// Output:
	// orders.json
	// <nil>
}
