package fxruntest

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxoption"
)

// checkReplacements reports fakes of a type that no definition asks for, no resource
// has and the application does not provide, and fakes that are nil. If a fake replaces
// nothing, the test must not go on with the real value.
func checkReplacements(options []fx.Option, c *container.Container) error {
	if err := (*child.Parent)(c).Graph().CheckOptions(options); err != nil {
		return err
	}
	recorded, err := fxoption.DryRun(options)
	if err != nil {
		return err
	}
	provided := make(map[string]bool)
	for key := range fxoption.Read(options).Provided() {
		provided[key.Type.String()] = true
	}
	resources := c.Resources()
	declared := make([]fxoption.Resource, len(resources))
	for i, resource := range resources {
		declared[i] = fxoption.Resource{Key: resource.Key, Types: resource.Types}
	}
	unused := recorded.Unused("here", func(t string) bool { return provided[t] }, declared)
	return fault.Join("replacing by fakes", unused)
}
