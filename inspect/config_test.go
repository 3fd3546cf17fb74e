package inspect_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func TestConfigScope(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	table := container.RunConfig{Resources: map[string]any{"warehouse": container.Fields{"table": "mine"}}}
	ofLaunch := func(t *testing.T, request runs.Request) *inspect.ConfigScope {
		t.Helper()
		prepared, err := subject.launcher.Prepare(request)
		scope, err := subject.ConfigOfLaunch(request, prepared.Preview(), err)
		if err != nil {
			t.Fatal(err)
		}
		return scope
	}
	t.Run("the whole scope has all resources, and all steps with a config", func(t *testing.T) {
		scope := subject.ConfigOfAll(table)
		if scope.Faults != nil || !scope.Whole || len(scope.Resources) != 4 || len(scope.Steps) != 1 {
			t.Errorf("got %+v", scope)
		}
	})
	t.Run("the scope of a launch has what the launch needs", func(t *testing.T) {
		scope := ofLaunch(t, runs.Request{Selection: "greeting"})
		if scope.Faults != nil || scope.Selection != "greeting" || len(scope.Resources) != 1 || len(scope.Steps) != 1 {
			t.Errorf("got %+v", scope)
		}
		schema, err := scope.Schema()
		if err != nil || !json.Valid(schema) || strings.Contains(string(schema), `"warehouse":`) || !strings.Contains(string(schema), "greeting") {
			t.Errorf("the schema is\n%s\n%v", schema, err)
		}
	})
	t.Run("the template has the launch defaults of the job", func(t *testing.T) {
		text, err := ofLaunch(t, runs.Request{Job: "nightly"}).Template()
		if err != nil || !strings.Contains(text, "nightly") {
			t.Errorf("the template is\n%s\n%v", text, err)
		}
	})
	t.Run("a check lists the faults, and variables that no field reads", func(t *testing.T) {
		checked := subject.ConfigOfAll(container.RunConfig{}).Check([]string{"INSPECT_TEST_TABEL=x"})
		if len(checked.Faults) != 1 || len(checked.UnknownVariables) != 1 || checked.UnknownVariables[0].Nearest != "INSPECT_TEST_TABLE" {
			t.Errorf("got %+v", checked)
		}
	})
	t.Run("a request for nothing that is defined is bad input", func(t *testing.T) {
		request := runs.Request{Job: "nightli"}
		prepared, err := subject.launcher.Prepare(request)
		_, err = subject.ConfigOfLaunch(request, prepared.Preview(), err)
		mustBeInvalid(t, err, `did you mean "nightly"`)
	})
}
