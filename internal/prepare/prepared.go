package prepare

import (
	"encoding/json"
	"slices"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
)

// Prepared is a child container that was checked and not yet opened. It holds
// the config that was read, so that what was checked is what starts. It is
// immutable and safe for concurrent use. See Container.Prepare.
type Prepared struct {
	preparation *Preparation
	invalid     error
	masker      func() *config.Masker
}

// Prepare does all that Container.NewChild does before it builds anything.
// Package container documents it.
func (c *Preparer) Prepare(opts []fx.Option) (*Prepared, error) {
	preparation, err := c.prepare(newSettings(opts).orLog(c.graph), nil)
	return &Prepared{preparation: preparation, invalid: err, masker: sync.OnceValue(preparation.masker)}, err
}

// Mask masks the secrets of the child's config in a text. Package container
// documents it.
func (p *Prepared) Mask(text string) string { return p.masker().Mask(text) }

// Masks reports whether there are secrets that Mask masks.
func (p *Prepared) Masks() bool { return p.masker() != nil }

// Preview returns what would start, with the config that was read. Package
// container documents it.
func (p *Prepared) Preview() Preview {
	prepared := p.preparation
	return prepared.preview(prepared.Graph.Describe)
}

// Configs returns the part of Preview that is about config: resources have their keys and
// their config, and nothing else. It costs less, so it is for every run.
func (p *Prepared) Configs() Preview {
	return p.preparation.preview(func(n *graph.Node, resolved config.Resolved, secrets config.SecretVariables) graph.Description {
		description := graph.Description{Key: n.Key}
		if n.Config != nil {
			description.Config = n.Config.Describe(resolved)
			secrets.Mask(description.Config)
		}
		return description
	})
}

func (p *Preparation) preview(describe func(*graph.Node, config.Resolved, config.SecretVariables) graph.Description) Preview {
	secrets := p.secrets()
	var preview Preview
	for _, n := range append(p.starting(), p.later...) {
		preview.Resources = append(preview.Resources, describe(n, p.configOf(n), secrets))
	}
	for _, t := range p.Settings.Known.Mine() {
		description := graph.StepDescription{Key: t.Step().Key, Config: t.Step().Config.Describe(p.Steps[t])}
		secrets.Mask(description.Config)
		preview.Steps = append(preview.Steps, description)
	}
	return preview
}

// LaunchJSON returns the config of the launch as Container.LaunchJSON does, as it was
// read when the child was prepared. Its error is that of the preparation.
func (p *Prepared) LaunchJSON() (json.RawMessage, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	return graph.LaunchJSON(p.preparation.launches, p.preparation.stepLaunches)
}

// PrivateLaunchJSON returns the launch config as LaunchJSON does, with the secrets
// that the launch gives. It is for another process of the same program, and must not be
// stored or shown.
func (p *Prepared) PrivateLaunchJSON() (json.RawMessage, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	return graph.PrivateLaunchJSON(p.preparation.launches, p.preparation.stepLaunches)
}

// Opening returns the preparation for one opening, with options that change nothing
// of what was checked.
func (p *Prepared) Opening(opts []Option) (*Preparation, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	opening := *p.preparation
	opening.Settings.Observers = slices.Clone(opening.Settings.Observers)
	var faults []error
	for _, opt := range opts {
		switch {
		case opt.apply == nil:
		case opt.perOpening:
			opt.apply(&opening.Settings)
		default:
			faults = append(faults, fault.Errorf("container.%s: give it to Container.Prepare: it would change what was checked", opt.name))
		}
	}
	return &opening, fault.Join("opening a prepared child container", faults)
}
