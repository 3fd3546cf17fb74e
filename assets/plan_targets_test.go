package assets_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestTargetsOfAPlan(t *testing.T) {
	t.Parallel()
	plan, err := shop(t).Plan("revenue")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("storage is asked for each value that is stored or loaded", func(t *testing.T) {
		var uses []string
		targets, err := plan.Targets(func(use assets.Storage) (*container.Target, error) {
			uses = append(uses, use.String())
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"storing asset revenue", "loading asset raw/orders", "loading asset raw/prices"}, uses); diff != "" {
			t.Error(diff)
		}
		if len(targets) != 1 || targets[0].Name() != "asset revenue" {
			t.Errorf("got %v", targets)
		}
	})
	t.Run("without storage it is the functions alone", func(t *testing.T) {
		if targets, err := plan.Targets(nil); err != nil || len(targets) != 1 {
			t.Errorf("got %v, %v", targets, err)
		}
	})
	t.Run("the error of storage is returned", func(t *testing.T) {
		wrong := errors.New("wrong")
		if _, err := plan.Targets(func(assets.Storage) (*container.Target, error) { return nil, wrong }); !errors.Is(err, wrong) {
			t.Errorf("got %v", err)
		}
	})
}
