package docs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// Cache keeps what was read before. A program may do without it.
type Cache map[string]string

// LibraryIn has a field that stays nil in a program without a Cache.
type LibraryIn struct {
	fx.In

	Station *Station
	Cache   Cache `optional:"true"`
}

type Library struct{ in LibraryIn }

func NewLibrary(in LibraryIn) *Library { return &Library{in} }

func (l *Library) Read(ctx context.Context, city string) (string, error) {
	if text, ok := l.in.Cache[city]; ok { // a nil map holds nothing
		return text, nil
	}
	return l.in.Station.Read(ctx, city)
}

func Example_optional() {
	station := container.Provide("station", NewStation, container.Config(StationConfig{User: "ada"}))
	library := container.Provide("library", NewLibrary)
	cache := container.Supply("cache", Cache{"Bern": "21 C, read before"})
	for _, definitions := range [][]container.Definition{{station, library}, {station, library, cache}} {
		c, err := container.New(definitions...)
		if err != nil {
			fmt.Println(err)
			return
		}
		err = c.Invoke(context.Background(), func(ctx context.Context, library *Library) error {
			text, err := library.Read(ctx, "Bern")
			fmt.Println(text)
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
		if err := c.Close(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// Bern: 21 C, asked by ada
	// 21 C, read before
}
