package container_test

import (
	"testing"

	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/resource"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func TestWhatIsKnownBeforeAResourceIsBuilt(t *testing.T) {
	t.Parallel()
	definitions := []container.Definition{
		container.Provide("bucket", func() *bucket { return nil }, container.As[store](), resource.Static("tells", "first"), resource.Static("tells", 2)),
		container.Provide("left", newPlain, resource.Static("tells", "left")),
		container.Provide("right", newPlain, resource.Static("tells", "right")),
		container.Provide("silent", func() *resA { return nil }),
		container.Supply("supplied", 5, resource.Static("tells", "supplied")),
	}
	all := map[string][]any{"bucket": {"first", 2}, "left": {"left"}, "right": {"right"}, "silent": nil, "supplied": {"supplied"}, "unknown": nil}
	without := func(keys ...string) map[string][]any {
		known := make(map[string][]any)
		for key, values := range all {
			known[key] = values
		}
		for _, key := range keys {
			known[key] = nil
		}
		return known
	}
	for name, test := range map[string]struct {
		host []fx.Option
		want map[string][]any
	}{
		"is what its definition says":                            {nil, all},
		"is nothing where the host replaces it by its type":      {[]fx.Option{fx.Replace(&bucket{"fake"})}, without("bucket")},
		"is nothing where the host replaces it by its interface": {[]fx.Option{fx.Replace(fx.Annotate(&fakeStore{}, fx.As(new(store))))}, without("bucket")},
		"is nothing where the host replaces it by its name":      {[]fx.Option{fx.Replace(fx.Annotate(&database{}, fx.ResultTags(`name:"left"`)))}, without("left")},
		"stays where the host replaces a type that two give":     {[]fx.Option{fx.Supply(&database{})}, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := inHost(t, append(test.host, definitionsAsOption(definitions))...)
			if err != nil {
				t.Fatal(err)
			}
			for key, want := range test.want {
				got := (*child.Parent)(c).Graph().Static(key)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("of %s (-want +got)\n%s", key, diff)
				}
				if len(got) > 0 {
					got[0] = "changed"
				}
				if diff := cmp.Diff(want, (*child.Parent)(c).Graph().Static(key)); diff != "" {
					t.Errorf("of %s, after a caller changed it (-want +got)\n%s", key, diff)
				}
			}
		})
	}
}
