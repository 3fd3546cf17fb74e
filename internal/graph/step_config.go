package graph

import (
	"cmp"
	"strings"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/resource"
)

// TargetOption says more about a target. See [StepConfig] and [StepMakes].
type TargetOption interface{ applyTarget(*Target) }

type targetOptionFunc func(*Target)

func (f targetOptionFunc) applyTarget(t *Target) { f(t) }

// StepConfig makes the target a step with a config of its own. Package
// container documents it.
func StepConfig(key string, value any, opts []config.Option) TargetOption {
	if value == nil {
		return StepWith(key, nil)
	}
	definition, faults := config.NewDefinition("StepConfig", value, opts)
	return StepWith(key, definition, faults...)
}

// StepWith makes the target a step with a config that was defined elsewhere, and
// that has the given faults. A nil config makes a step without config.
func StepWith(key string, definition *config.Definition, faults ...error) TargetOption {
	return targetOptionFunc(func(t *Target) {
		if t.step != nil {
			t.faults = append(t.faults, fault.Errorf("it has two StepConfig options: give one"))
			return
		}
		t.step, t.faults = &Step{Key: key}, append(t.faults, faults...)
		if definition != nil { // an option may be given to several targets, of several containers
			t.step.Config = definition.Clone()
		}
	})
}

// StepMakes gives the names of what the step makes, if they differ from the
// name of the step. If a run config has one of these names as the key of a
// step, the error names the step. StepMakes needs a [StepConfig].
func StepMakes(keys ...string) TargetOption {
	return targetOptionFunc(func(t *Target) { t.makes = append(t.makes, keys...) })
}

// ConfigSection has the faults of the config name another section than "steps", for a
// target that is no step. It needs a [StepConfig] before it.
func ConfigSection(name string) TargetOption {
	return targetOptionFunc(func(t *Target) { t.step.section = name })
}

// Step is the content of the StepConfig of a target.
type Step struct {
	Key     string
	Config  *config.Definition // nil for a step without config
	section string             // "" for "steps"
}

// Path returns the path of the config of the step in a run config.
func (s *Step) Path() string { return cmp.Or(s.section, "steps") + "." + s.Key + ".config" }

// checkStepKey returns an error for a key of a step that cannot be a part of a
// path in a run config, where ".config." ends the key.
func checkStepKey(key string) error {
	if key == "" {
		return fault.Errorf("the key of its StepConfig is empty")
	}
	for _, r := range key {
		if letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'; !letter && !strings.ContainsRune("-./0123456789", r) {
			return fault.Errorf("the key %q of its StepConfig is not allowed: it may hold letters, digits, _, -, . and /", key)
		}
	}
	if strings.Contains(key+".", ".config.") {
		return fault.Errorf("the key %q of its StepConfig may not have a part .config, which ends the key in a run config's path", key)
	}
	return nil
}

// hasConfig reports whether the target is a step with a config.
func (t *Target) hasConfig() bool { return t.step != nil && t.step.Config != nil }

// isConfig reports whether a parameter with this key is the config of the step.
func (t *Target) isConfig(in int) bool {
	return t.hasConfig() && resource.IsConfigOf(t.step.Config, t.function.Params[in].Key)
}

// checkStep reports what is wrong with the config of the step.
func (t *Target) checkStep() []error {
	if !t.hasConfig() {
		return nil
	}
	var faults []error
	if err := checkStepKey(t.step.Key); err != nil {
		faults = append(faults, err)
	}
	config := t.step.Config
	faults = append(faults, config.Analyse(&t.graph.shapes)...)
	taken := false
	for i := range t.function.Params {
		taken = taken || t.isConfig(i)
	}
	if !taken && config.Type() != nil {
		faults = append(faults, fault.Errorf("its config has the type %s, but it has no parameter of that type", config.Type()))
	}
	return faults
}
