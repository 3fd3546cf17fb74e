package inspect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

var scopeOfAll inspect.Scope

// sources are the values of fields and where they come from, by path.
func sources(fields []container.Field) map[string]string {
	found := make(map[string]string)
	for _, field := range fields {
		found[field.Path] = field.Value + " " + string(field.Source)
	}
	return found
}

func TestResource(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	reasons := func(t *testing.T, key string, scope inspect.Scope) ([]string, container.Unneeded) {
		t.Helper()
		resource, err := subject.Resource(key, scope)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, reason := range resource.NeededBy {
			texts = append(texts, reason.String())
		}
		return texts, resource.Unneeded
	}
	t.Run("without a scope there is no reason why it is needed", func(t *testing.T) {
		if texts, unneeded := reasons(t, "pool", scopeOfAll); len(texts) > 0 || unneeded != "" {
			t.Errorf("got %q, %q", texts, unneeded)
		}
	})
	t.Run("a scope says which steps need it", func(t *testing.T) {
		texts, _ := reasons(t, "pool", inspect.Scope{Job: "nightly"})
		if diff := cmp.Diff([]string{"asset orders -> warehouse -> pool"}, texts); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an IO manager is needed to store values and to load those of other runs", func(t *testing.T) {
		texts, _ := reasons(t, "io_manager", inspect.Scope{Selection: "revenue"})
		if diff := cmp.Diff([]string{"loading asset orders -> io_manager", "storing asset revenue -> io_manager"}, texts); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a scope says why it is not needed", func(t *testing.T) {
		if _, unneeded := reasons(t, "idle", inspect.Scope{Selection: "*"}); unneeded != container.UnneededUnreached {
			t.Errorf("got %q", unneeded)
		}
	})
	t.Run("what is wrong with a launch stands in its faults", func(t *testing.T) {
		resource, err := subject.Resource("warehouse", scopeOfAll)
		if err != nil {
			t.Fatal(err)
		}
		if err := subject.ReadConfig(&resource, "", container.RunConfig{}); err == nil || len(resource.Faults) != 1 {
			t.Errorf("got %v, %v, want that the table is missing", err, resource.Faults)
		}
	})
	t.Run("an unknown one is bad input", func(t *testing.T) {
		_, err := subject.Resource("warehous", scopeOfAll)
		mustBeInvalid(t, err, `did you mean "warehouse"`)
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"io_manager": {"greeting", "left", "orders", "revenue", "right", "op:cleanup/find"},
		"warehouse":  {"orders"},
		"pool":       {"op:cleanup/remove"},
	}
	if diff := cmp.Diff(want, newShop(t).Users()); diff != "" {
		t.Error(diff)
	}
}
