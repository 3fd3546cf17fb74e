package inspect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
)

func TestJobs(t *testing.T) {
	t.Parallel()
	jobs, err := newShop(t).Jobs()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string][]string)
	for _, job := range jobs {
		got[job.Name] = job.Assets
	}
	if diff := cmp.Diff(map[string][]string{"nightly": {"orders", "revenue"}, "cleanup": {}}, got); diff != "" {
		t.Errorf("the assets of the jobs: %s", diff)
	}
}

func TestJobConfig(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	given, err := container.RunConfig{}.Set("resources.warehouse.config.password", "x")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("it is laid over the launch defaults of the job", func(t *testing.T) {
		config, err := subject.JobConfig("nightly", given)
		if err != nil {
			t.Fatal(err)
		}
		resource, err := subject.Resource("warehouse", scopeOfAll)
		if err != nil {
			t.Fatal(err)
		}
		if err := subject.ReadConfig(&resource, "nightly", config); err != nil {
			t.Fatal(err)
		}
		if got := sources(resource.Config); got["table"] != "nightly launch" || got["password"] != container.Masked+" launch" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("an unknown job is bad input", func(t *testing.T) {
		_, err := subject.JobConfig("nightli", given)
		mustBeInvalid(t, err, `did you mean "nightly"`)
	})
}
