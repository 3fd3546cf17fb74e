package child

import (
	"context"
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
	preparation *preparation
	invalid     error
	masker      func() *config.Masker
}

// Prepare does all that Container.NewChild does before it builds anything.
// Package container documents it.
func (c *Parent) Prepare(opts []fx.Option) (*Prepared, error) {
	preparation, err := c.prepare(newChildConfig(opts).orLog(c), nil)
	return &Prepared{preparation: preparation, invalid: err, masker: sync.OnceValue(preparation.masker)}, err
}

// Mask masks the secrets of the child's config in a text. Package container
// documents it.
func (p *Prepared) Mask(text string) string { return p.masker().Mask(text) }

// masker knows the secrets in the configs of all that the child needs.
func (p *preparation) masker() *config.Masker {
	var secrets []string
	for n, resolved := range p.resolved {
		secrets = append(secrets, n.Config.SecretTexts(resolved)...)
	}
	for n, running := range p.running {
		if n.Config != nil {
			secrets = append(secrets, n.Config.SecretTexts(running.config)...)
		}
	}
	for t, resolved := range p.steps {
		secrets = append(secrets, t.Step().Config.SecretTexts(resolved)...)
	}
	return config.NewMasker(secrets...)
}

// Preview returns what would start, with the config that was read. Package
// container documents it.
func (p *Prepared) Preview() Preview {
	prepared := p.preparation
	secrets := prepared.secrets()
	var preview Preview
	for _, n := range append(prepared.starting(), prepared.later...) {
		preview.Resources = append(preview.Resources, prepared.container.graph.Describe(n, prepared.configOf(n), secrets))
	}
	for _, t := range prepared.config.Known.Mine() {
		description := graph.StepDescription{Key: t.Step().Key, Config: t.Step().Config.Describe(prepared.steps[t])}
		secrets.Mask(description.Config)
		preview.Steps = append(preview.Steps, description)
	}
	return preview
}

// LaunchJSON returns the launch config as Container.LaunchJSON does, from
// what was read when the child was prepared. Its error is the one of the
// preparation.
func (p *Prepared) LaunchJSON() (json.RawMessage, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	return graph.LaunchJSON(p.preparation.launches, p.preparation.stepLaunches)
}

// Open opens the child with exactly the resources and the config that were
// prepared, and neither reads the environment nor checks anything again.
// Package container documents it.
func (p *Prepared) Open(ctx context.Context, opts []Option) (*Child, error) {
	if p.invalid != nil {
		return nil, p.invalid
	}
	opening := *p.preparation
	opening.config.observers = slices.Clone(opening.config.observers)
	var faults []error
	for _, opt := range opts {
		switch {
		case opt.apply == nil:
		case opt.perOpening:
			opt.apply(&opening.config)
		default:
			faults = append(faults, fault.Errorf("container.%s: give it to Container.Prepare: it would change what was checked", opt.name))
		}
	}
	if err := fault.Join("opening a prepared child container", faults); err != nil {
		return nil, err
	}
	return opening.container.openChild(ctx, &opening)
}
