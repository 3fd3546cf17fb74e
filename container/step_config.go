package container

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// TargetOption says more about a target. See [StepConfig] and [StepMakes].
type TargetOption interface{ applyTarget(*Target) }

type targetOptionFunc func(*Target)

func (f targetOptionFunc) applyTarget(t *Target) { f(t) }

// StepConfig makes the target a step with a config of its own: a struct, by
// value, of the type that the target's function takes as a plain parameter. It
// is as [Config] is for a resource, with the same layers, tags and options; a
// run config gives it under the step's key, as in
// "steps.raw/orders.config.limit". Where a resource or the host application
// gives the same type, the step gets its config all the same.
//
// The key may hold letters, digits, _, -, . and /. A nil value makes a step
// without config, of which a run config may say nothing: its error then tells
// a step without config from a mistyped key.
//
// A child fills in the parameter with a config of its own for each call of
// [Child.Arguments] and [Child.Call]: slices, maps and pointers in its fields
// are copied.
func StepConfig(key string, value any, opts ...ConfigOption) TargetOption {
	return targetOptionFunc(func(t *Target) {
		if t.step != nil {
			t.faults = append(t.faults, fault.Errorf("it has two StepConfig options: give one"))
			return
		}
		t.step = &step{key: key}
		if value == nil {
			return
		}
		definition, faults := config.NewDefinition("StepConfig", value, opts)
		t.step.config, t.faults = definition, append(t.faults, faults...)
	})
}

// StepMakes names what the step makes, where that is called otherwise than the
// step: a run config that speaks of steps by these names is then told the
// step's. It needs a [StepConfig].
func StepMakes(keys ...string) TargetOption {
	return targetOptionFunc(func(t *Target) { t.makes = append(t.makes, keys...) })
}

// step is what a target's StepConfig said.
type step struct {
	key    string
	config *config.Definition // nil for a step without config
}

func (s *step) path() string { return "steps." + s.key + ".config" }

// checkStepKey holds a step's key to what can stand in a path of a run config,
// in which ".config." ends it.
func checkStepKey(key string) error {
	if key == "" {
		return fault.Errorf("the key of its StepConfig is empty")
	}
	for _, r := range key {
		if letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'; !letter && !strings.ContainsRune("-./0123456789", r) {
			return fault.Errorf("the key %q of its StepConfig may hold letters, digits, _, -, . and /", key)
		}
	}
	if strings.Contains(key+".", ".config.") {
		return fault.Errorf("the key %q of its StepConfig may not have a part .config, which ends the key in a run config's path", key)
	}
	return nil
}

// hasConfig reports whether the target is a step with a config.
func (t *Target) hasConfig() bool { return t.step != nil && t.step.config != nil }

// isConfig reports whether a parameter of type key is the step's config.
func (t *Target) isConfig(in int) bool {
	return t.hasConfig() && isConfigOf(t.step.config, t.function.Params[in].Key)
}

// checkStep looks at the step's config by itself.
func (t *Target) checkStep() []error {
	if !t.hasConfig() {
		return nil
	}
	var faults []error
	if err := checkStepKey(t.step.key); err != nil {
		faults = append(faults, err)
	}
	config := t.step.config
	faults = append(faults, config.Analyse(&t.container.shapes)...)
	taken := false
	for i := range t.function.Params {
		taken = taken || t.isConfig(i)
	}
	if !taken && config.Type() != nil {
		faults = append(faults, fault.Errorf("its config is a %s, but it has no parameter of that type", config.Type()))
	}
	return faults
}

// Steps are all steps that exist, whether or not the child needs them: targets
// made with [StepConfig]; others are passed over. A run config may then speak
// of each of them, also of one that this child has no use for, and a mistyped
// key is told from such a step. Without it only the targets of [Needs] and
// [NeedsLater] may be configured.
//
// Nested children know the steps of their parent.
func Steps(targets ...*Target) ChildOption {
	return childOption("Steps", func(c *childConfig) { c.steps = append(c.steps, c.named("Steps", targets)...) })
}

// knownSteps are the steps that a run config may speak of. A nested child's
// stand before those of its parent.
type knownSteps struct {
	own    map[string]*Target // those of the child's targets
	others []*Target          // given by Steps
	above  *knownSteps

	indexed   sync.Once // most launches speak of no step
	byKey     map[string]*Target
	ambiguous map[string]bool // keys that two of others have, and none of own
}

// newKnownSteps gathers the steps, and reports keys that two of the child's own
// targets have.
func newKnownSteps(targets, others []*Target, above *knownSteps) (*knownSteps, []error) {
	k := &knownSteps{own: make(map[string]*Target), others: others, above: above}
	var faults []error
	for _, t := range targets {
		if t.step == nil {
			continue
		}
		if first, ok := k.own[t.step.key]; ok && first != t {
			faults = append(faults, fault.Errorf("%s and %s are both called step %s", first.name, t.name, t.step.key))
		}
		k.own[t.step.key] = t
	}
	return k, faults
}

func (k *knownSteps) index() {
	k.indexed.Do(func() {
		k.byKey = make(map[string]*Target, len(k.others)+len(k.own))
		k.ambiguous = make(map[string]bool)
		for _, t := range k.others {
			if t.step == nil {
				continue
			}
			if first, ok := k.byKey[t.step.key]; ok && first != t {
				k.ambiguous[t.step.key] = true
			}
			k.byKey[t.step.key] = t
		}
		for key, t := range k.own {
			k.byKey[key] = t
			delete(k.ambiguous, key)
		}
	})
}

// find returns the step that a run config speaks of.
func (k *knownSteps) find(key string) (*Target, error) {
	var keys []string
	for at := k; at != nil; at = at.above {
		at.index()
		if at.ambiguous[key] {
			return nil, fault.Errorf("steps.%s: %s", key, severalSteps(key))
		}
		if t, ok := at.byKey[key]; ok {
			return t, nil
		}
		if maker := at.makerOf(key); maker != "" {
			return nil, fault.Errorf("steps.%s: there is no step %q: step %s makes it, configure that", key, key, maker)
		}
		keys = append(keys, slices.Collect(maps.Keys(at.byKey))...)
	}
	return nil, fault.Errorf("steps.%s: there is no step %q%s", key, key, nearest.SuggestionAmong(key, keys, func(k string) string { return k }))
}

func severalSteps(key string) string {
	return fmt.Sprintf("there are several steps %q: name the job whose step is meant", key)
}

// makerOf is the key of the step that makes what is called so.
func (k *knownSteps) makerOf(made string) string {
	for _, key := range slices.Sorted(maps.Keys(k.byKey)) {
		if slices.Contains(k.byKey[key].makes, made) {
			return key
		}
	}
	return ""
}

// all returns the steps with config that a run config may speak of, by key.
func (k *knownSteps) all() []*Target {
	k.index()
	var steps []*Target
	for _, key := range slices.Sorted(maps.Keys(k.byKey)) {
		if t := k.byKey[key]; t.hasConfig() && !k.ambiguous[key] {
			steps = append(steps, t)
		}
	}
	return steps
}

// unclear are the keys that several steps have, of which one at least has a
// config.
func (k *knownSteps) unclear() []string {
	k.index()
	var keys []string
	for t := range k.configured() {
		if k.ambiguous[t.step.key] {
			keys = append(keys, t.step.key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// configured returns all steps with config, those that share a key included.
func (k *knownSteps) configured() iter.Seq[*Target] {
	return func(yield func(*Target) bool) {
		for _, t := range slices.AppendSeq(slices.Clone(k.others), maps.Values(k.own)) {
			if t.hasConfig() && !yield(t) {
				return
			}
		}
	}
}

// mine returns the child's own steps with config, by key.
func (k *knownSteps) mine() []*Target {
	var steps []*Target
	for _, key := range slices.Sorted(maps.Keys(k.own)) {
		if t := k.own[key]; t.hasConfig() {
			steps = append(steps, t)
		}
	}
	return steps
}

// readSteps reads a run config's steps.
func (k *knownSteps) readSteps(launch RunConfig) (map[*Target]config.LaunchValues, []error) {
	launches := make(map[*Target]config.LaunchValues, len(launch.Steps))
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(launch.Steps)) {
		t, err := k.find(key)
		switch {
		case err != nil:
			faults = append(faults, err)
		case !t.hasConfig():
			faults = append(faults, fault.Errorf("%s: step %s has no config", t.step.path(), key))
		default:
			launches[t] = make(config.LaunchValues)
			faults = append(faults, t.step.config.Read(launches[t], t.step.path(), launch.Steps[key])...)
		}
	}
	return launches, faults
}

// StepDescription tells about the config of one step.
type StepDescription struct {
	Key    string  `json:"key"`
	Config []Field `json:"config"` // with the values that the launch would give
}
