package bucket_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/bucket"
)

func Example() {
	folder, err := os.MkdirTemp("", "lake")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)

	var lake *bucket.Bucket
	app := fx.New(
		fx.NopLogger,
		fx.Supply(bucket.Config{URL: folder, Prefix: "raw"}), // or s3://my-bucket?region=eu-central-1
		fx.Provide(bucket.New),
		fx.Populate(&lake),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lake.WriteAll(ctx, "orders/2026-01-02.json", []byte(`[{"id": 7}]`), nil))
	fmt.Println(lake.WriteAll(ctx, "orders/2026-01-03.json", []byte(`[]`), nil))
	for object, err := range lake.List(ctx, "orders/") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(object.Key, object.Size)
	}
	content, err := lake.ReadAll(ctx, "orders/2026-01-02.json")
	fmt.Println(string(content), err)
	_, err = lake.ReadAll(ctx, "orders/2026-01-04.json")
	fmt.Println(errors.Is(err, bucket.ErrNotFound))
	fmt.Println(app.Stop(ctx))
	// Output:
	// <nil>
	// <nil>
	// orders/2026-01-02.json 11
	// orders/2026-01-03.json 2
	// [{"id": 7}] <nil>
	// true
	// <nil>
}

// A resource's config comes from code and the environment (LAKE_URL,
// LAKE_PREFIX). A bucket in memory wants to live as long as the process: what
// one run writes, the next can read.
func Example_resource() {
	c, err := container.New(
		container.Provide("lake", bucket.New,
			container.Config(bucket.Config{URL: "mem://"}, container.FromEnv("LAKE")),
			container.Health(bucket.Ping),
			container.PerProcess()),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	write := func(lake *bucket.Bucket) error { return lake.WriteAll(ctx, "orders.json", []byte("[]"), nil) }
	read := func(lake *bucket.Bucket) error {
		content, err := lake.ReadAll(ctx, "orders.json")
		fmt.Printf("%s\n", content)
		return err
	}
	fmt.Println(c.Invoke(ctx, write))
	fmt.Println(c.Invoke(ctx, read))
	fmt.Println(c.Close())
	// Output:
	// <nil>
	// []
	// <nil>
	// <nil>
}

// Write streams: the object is there when Write returns, or not at all.
func ExampleBucket_Write() {
	ctx := context.Background()
	lake := bucket.NewMemory()
	export := func(fail bool) error {
		return lake.Write(ctx, "orders.csv", nil, func(w io.Writer) error {
			rows := csv.NewWriter(w)
			if err := rows.Write([]string{"id", "cents"}); err != nil {
				return err
			}
			if fail {
				return errors.New("the source is gone")
			}
			rows.Flush()
			return rows.Error()
		})
	}
	fmt.Println(export(true))
	fmt.Println(lake.Exists(ctx, "orders.csv"))
	fmt.Println(export(false))
	fmt.Println(lake.Exists(ctx, "orders.csv"))
	// Output:
	// the source is gone
	// false <nil>
	// <nil>
	// true <nil>
}
