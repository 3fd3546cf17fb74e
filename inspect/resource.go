package inspect

import (
	"maps"
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
)

// UsedResource is a resource together with the assets and ops that use it.
type UsedResource struct {
	container.Description
	// Users are the keys of the assets and ops that use the resource: see
	// [Inspector.Users].
	Users []string `json:"users"`
}

// Resource is one resource, and why a part of the definitions needs it.
type Resource struct {
	UsedResource
	// NeededBy are the reasons why a run of the scope would need it.
	NeededBy []container.Reason `json:"needed_by,omitempty"`
	// Unneeded is why a run of the scope would not need it.
	Unneeded container.Unneeded `json:"unneeded,omitempty"`
	// Faults are the faults of the launch that the config is for.
	Faults []Fault `json:"faults"`
}

// Resources describes every resource, sorted by key.
func (i *Inspector) Resources() []UsedResource {
	users, found := i.users(), []UsedResource{}
	for _, description := range i.container.Resources() {
		found = append(found, UsedResource{description, list(slices.Clone(users[description.Key]))})
	}
	return found
}

// Resource returns one resource. If the scope is not all definitions, it also
// returns why a run of the scope would need the resource. Faults of other resources
// do not matter.
func (i *Inspector) Resource(key string, scope Scope) (Resource, error) {
	resources := i.container.Resources()
	at := slices.IndexFunc(resources, func(d container.Description) bool { return d.Key == key })
	if at < 0 {
		return Resource{}, invalid("choosing a resource", "there is no resource %q%s", key, nearest.Suggestion(key, keysOf(resources)))
	}
	resource := Resource{UsedResource: UsedResource{resources[at], list(slices.Clone(i.users()[key]))}, Faults: []Fault{}}
	plan, err := i.plan(scope)
	if err != nil || plan == nil {
		return resource, err
	}
	targets, err := plan.Targets(i.storage)
	if err != nil {
		return resource, err
	}
	explanation, _ := i.container.Explain(key, container.Needs(targets...))
	resource.NeededBy, resource.Unneeded = explanation.Reasons, explanation.Unneeded
	return resource, nil
}

// storage returns a target that needs the IO manager of a step. The name of the
// target says what the step uses the IO manager for. For a value that a step of the
// plan stores, it returns nil, since the step that stores the value is already a
// reason for the IO manager.
func (i *Inspector) storage(use assets.Storage) (*container.Target, error) {
	if use.Planned {
		return nil, nil
	}
	ask := signature.Key{Type: reflect.TypeFor[iomanagers.IOManager](), Name: use.IO}
	return i.container.Target(use.String(), signature.Make([]signature.Param{{Key: ask}}, nil, nil))
}

// ReadConfig replaces the config of a resource by the config that a launch with the
// run config would give it. The run config may configure the steps that
// [Inspector.KnownSteps] returns for the job. ReadConfig returns the error of that
// launch, and sets the Faults of the resource from it.
func (i *Inspector) ReadConfig(resource *Resource, job string, config container.RunConfig) error {
	launched, faults := i.container.Explain(resource.Key, container.NeedsResources(resource.Key), i.KnownSteps(job), i.OtherSteps(job), container.Launch(config))
	resource.Config, resource.Faults = launched.Resource.Config, Faults(faults)
	return faults
}

// Users returns which assets and ops use each resource, by the key of the resource.
// First come the keys of the assets whose functions use the resource or whose
// values it stores. Then come the ops, in the form "op:JOB/NAME".
func (i *Inspector) Users() map[string][]string {
	users := maps.Clone(i.users())
	for key := range users {
		users[key] = slices.Clone(users[key])
	}
	return users
}

func (i *Inspector) findUsers() map[string][]string {
	users := make(map[string][]string)
	add := func(user string, keys []string) {
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			if key != "" {
				users[key] = append(users[key], user)
			}
		}
	}
	for _, asset := range i.assets() {
		add(asset.Key, append(slices.Clone(asset.Resources), asset.IO))
	}
	for _, job := range i.graph.Jobs() {
		plan := i.opPlan(job)
		if plan == nil {
			continue
		}
		for _, step := range plan.Steps {
			keys := step.Target().Resources()
			for _, output := range step.Outputs {
				keys = append(keys, output.IO)
			}
			add(string(step.Kind)+":"+job.Name+"/"+step.Key, keys)
		}
	}
	return users
}

func keysOf(resources []container.Description) []string {
	keys := make([]string, len(resources))
	for n, resource := range resources {
		keys[n] = resource.Key
	}
	return keys
}
