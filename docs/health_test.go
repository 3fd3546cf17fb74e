package docs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/container"
)

var checkedStation = container.Provide("station", NewStation,
	container.Config(StationConfig{User: "ada"}),
	container.Health(func(ctx context.Context, station *Station) error {
		_, err := station.Read(ctx, "Bern")
		return err
	}))

// CheckHealth starts the station in a child container, and asks whether it works.
func CheckHealth(ctx context.Context, resources *container.Container) (err error) {
	child, err := resources.NewChild(ctx, container.NeedsResources("station"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, child.Close(err)) }()
	for _, report := range child.Health(ctx) {
		if report.Err != nil {
			return fmt.Errorf("checking %s: %w", report.Resource, report.Err)
		}
		fmt.Println(report.Resource, "works")
	}
	return nil
}

func Example_health() {
	resources, err := container.New(checkedStation)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := CheckHealth(context.Background(), resources); err != nil {
		fmt.Println(err)
	}
	// Output:
	// station works
}
