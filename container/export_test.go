package container

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// StepLike gives a step the config that an option gives a resource.
func StepLike(key string, option Option) TargetOption {
	declared, _ := resource.Gather([]Definition{Provide("it", func() int { return 0 }, option)})
	return graph.StepWith(key, declared.Resources[0].Config)
}

// LaunchOfStep gives a step what options launch a resource with.
func LaunchOfStep(resource, key string, opts ...ChildOption) ChildOption {
	var options []fx.Option
	for _, opt := range opts {
		options = append(options, opt)
	}
	return Launch(RunConfig{Steps: map[string]any{key: prepare.SubjectOf(options).Launch.Resources[resource]}})
}

// ParametersTarget makes a target of parameters alone.
func ParametersTarget(c *Container, name string, params []signature.Param, opts ...TargetOption) (*Target, error) {
	target, err := c.parent().Graph().NewTarget(name, signature.Func{Params: params}, opts)
	return (*Target)(target), err
}

// Arguments returns what the child gives for the target's parameters.
func Arguments(of *Child, target *Target) []any {
	var arguments []any
	for _, value := range of.started().Arguments(target.checked()) {
		arguments = append(arguments, value.Interface())
	}
	return arguments
}
