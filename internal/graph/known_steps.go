package graph

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// KnownSteps has the steps that a run config may configure. The steps of a
// nested child take the place of steps of its parent with the same keys.
type KnownSteps struct {
	own    map[string]*Target // the steps among the targets of the child
	others []*Target          // given by Steps
	apart  []*Target          // given by OtherSteps
	above  *KnownSteps

	indexed   sync.Once // most launches configure no step
	byKey     map[string]*Target
	ambiguous map[string]bool // keys that two of others have, and none of own
}

// newKnownSteps gathers the steps, and reports keys that two targets of the
// child have.
func newKnownSteps(targets, others, apart []*Target, above *KnownSteps) (*KnownSteps, []error) {
	k := &KnownSteps{own: make(map[string]*Target), others: others, apart: apart, above: above}
	var faults []error
	for _, t := range targets {
		if t.step == nil {
			continue
		}
		if first, ok := k.own[t.step.Key]; ok && first != t {
			faults = append(faults, fault.Errorf("%s and %s are both called step %s", first.name, t.name, t.step.Key))
		}
		k.own[t.step.Key] = t
	}
	return k, faults
}

func (k *KnownSteps) index() {
	k.indexed.Do(func() {
		k.byKey = make(map[string]*Target, len(k.others)+len(k.own))
		k.ambiguous = make(map[string]bool)
		for _, t := range k.others {
			if t.step == nil {
				continue
			}
			if first, ok := k.byKey[t.step.Key]; ok && first != t {
				k.ambiguous[t.step.Key] = true
			}
			k.byKey[t.step.Key] = t
		}
		for key, t := range k.own {
			k.byKey[key] = t
			delete(k.ambiguous, key)
		}
	})
}

// find returns the step with a key of a run config.
func (k *KnownSteps) find(key string) (*Target, error) {
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
		for _, t := range at.apart {
			if t.step != nil {
				keys = append(keys, t.step.Key)
			}
		}
	}
	return nil, fault.Errorf("steps.%s: there is no step %q%s", key, key, nearest.SuggestionAmong(key, keys, func(k string) string { return k }))
}

func severalSteps(key string) string {
	return fmt.Sprintf("there are several steps %q: name the job whose step is meant", key)
}

// makerOf returns the key of the step that makes the thing with this name.
func (k *KnownSteps) makerOf(made string) string {
	for _, key := range slices.Sorted(maps.Keys(k.byKey)) {
		if slices.Contains(k.byKey[key].makes, made) {
			return key
		}
	}
	return ""
}

// all returns the steps that a run config may configure, by key.
func (k *KnownSteps) all() []*Target {
	k.index()
	var steps []*Target
	for _, key := range slices.Sorted(maps.Keys(k.byKey)) {
		if t := k.byKey[key]; t.hasConfig() && !k.ambiguous[key] {
			steps = append(steps, t)
		}
	}
	return steps
}

// elsewhere returns the configs of the steps that exist, but not in this launch,
// by key. If several steps share a key, a section may be right for any of them.
func (k *KnownSteps) elsewhere() map[string][]*config.Definition {
	k.index()
	configs := make(map[string][]*config.Definition)
	for _, t := range k.apart {
		if t.hasConfig() && k.byKey[t.step.Key] == nil {
			configs[t.step.Key] = append(configs[t.step.Key], t.step.Config)
		}
	}
	return configs
}

// unclear returns the keys that several steps have, if at least one of the
// steps has a config.
func (k *KnownSteps) unclear() []string {
	k.index()
	var keys []string
	for t := range k.configured() {
		if k.ambiguous[t.step.Key] {
			keys = append(keys, t.step.Key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// configured returns all steps with a config, also steps that share a key.
func (k *KnownSteps) configured() iter.Seq[*Target] {
	return func(yield func(*Target) bool) {
		for _, t := range slices.AppendSeq(slices.Clone(k.others), maps.Values(k.own)) {
			if t.hasConfig() && !yield(t) {
				return
			}
		}
	}
}

// Mine returns the steps of the child itself that have a config, by key.
func (k *KnownSteps) Mine() []*Target {
	var steps []*Target
	for _, key := range slices.Sorted(maps.Keys(k.own)) {
		if t := k.own[key]; t.hasConfig() {
			steps = append(steps, t)
		}
	}
	return steps
}

// ReadSteps reads the steps of a run config.
func (k *KnownSteps) ReadSteps(launch config.RunConfig) (map[*Target]config.LaunchValues, []error) {
	launches := make(map[*Target]config.LaunchValues, len(launch.Steps))
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(launch.Steps)) {
		if elsewhere, ok := k.readElsewhere(key, launch.Steps[key]); ok {
			faults = append(faults, elsewhere...)
			continue
		}
		t, err := k.find(key)
		switch {
		case err != nil:
			faults = append(faults, err)
		case !t.hasConfig():
			faults = append(faults, fault.Errorf("%s: step %s has no config", t.step.Path(), key))
		default:
			launches[t] = make(config.LaunchValues)
			faults = append(faults, t.step.Config.Read(launches[t], t.step.Path(), launch.Steps[key])...)
		}
	}
	return launches, faults
}

// readElsewhere checks a section for steps that exist, but not in this launch. It
// returns false if no such step has the key, or if the launch itself has a step
// with the key. The section has to be right for one of the steps. Otherwise the
// faults are those of the most similar step.
func (k *KnownSteps) readElsewhere(key string, source any) (fewest []error, found bool) {
	for at := k; at != nil; at = at.above {
		at.index()
		if at.byKey[key] != nil {
			return nil, false
		}
	}
	for at := k; at != nil; at = at.above {
		for _, t := range at.apart {
			if t.step == nil || t.step.Key != key {
				continue
			}
			faults := []error{fault.Errorf("%s: step %s has no config", t.step.Path(), key)}
			if t.hasConfig() {
				faults = t.step.Config.Read(make(config.LaunchValues), t.step.Path(), source)
			}
			if !found || len(faults) < len(fewest) {
				fewest, found = faults, true
			}
		}
	}
	return fewest, found
}
