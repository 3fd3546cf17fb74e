package graph

import (
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// hostValues has the values of a host application for the definitions. Each
// definition may stand in a module of its own.
type hostValues struct {
	inHost bool
	places map[any]place
	root   place                         // the values outside of modules
	all    map[signature.Key]hostOpinion // the values of all places together
	made   map[reflect.Type]string       // the types that assets make, and the names of the assets
}

// place has the values of the host application where one definition stands. A
// value that is not valid was asked for, and the application does not have it.
type place map[signature.Key]host.Value

// hostOpinion has the values of several places for one key.
type hostOpinion struct {
	value   host.Value
	lacking bool // one place has no value, so there is none outside of modules
	differs bool
}

// read sorts the values that were found by place and key. It reports a
// definition that stands in two modules with different values for it.
func (h *hostValues) read(found *resource.Host) []error {
	if found == nil {
		return nil
	}
	h.inHost = true
	h.places = make(map[any]place, len(found.Found))
	h.root = placeOf(found.Root)
	h.all = make(map[signature.Key]hostOpinion)
	h.made = make(map[reflect.Type]string)
	var faults []error
	for _, one := range found.Found {
		for _, made := range one.Makes {
			if first, ok := h.made[made.Type]; !ok || made.Of < first {
				h.made[made.Type] = made.Of
			}
		}
		here := placeOf(one.Values)
		for key, value := range here {
			h.all[key] = h.all[key].with(value)
		}
		for _, definition := range one.Places {
			if before, ok := h.places[definition]; ok {
				faults = append(faults, before.compare(here, definition)...)
			}
			h.places[definition] = here
		}
	}
	return faults
}

func placeOf(values []host.Value) place {
	here := make(place, len(values))
	for _, value := range values {
		here[value.Key] = value
	}
	return here
}

func (o hostOpinion) with(value host.Value) hostOpinion {
	switch {
	case !value.Value.IsValid():
		o.lacking = true
	case !o.value.Value.IsValid():
		o.value = value
	case value.Key.Group != "":
		o.differs = o.differs || o.value.Decorated == value.Decorated && !sameValue(o.value, value)
		o.value = commonGroup(o.value, value)
	default:
		o.differs = o.differs || !sameValue(o.value, value)
	}
	return o
}

// commonGroup returns the members of a group outside of modules, if two places
// were given a and b. Fx gives all members everywhere, and a decorator in a
// module changes them for this module.
func commonGroup(a, b host.Value) host.Value {
	if a.Decorated {
		return b
	}
	return a
}

// sameValue reports whether two places have the same value for a key. Fx gives the
// members of a group in random order, but always the same slice if a decorator made it.
func sameValue(a, b host.Value) bool {
	if a.Key.Group == "" || a.Decorated && b.Decorated || !a.Value.IsValid() || !b.Value.IsValid() {
		return host.Same(a.Value, b.Value)
	}
	return a.Decorated == b.Decorated && sameMembers(a.Value, b.Value)
}

// sameMembers compares two groups. A member may be private to a module.
func sameMembers(a, b reflect.Value) bool {
	if a.Len() != b.Len() {
		return false
	}
	left := make([]reflect.Value, b.Len())
	for i := range left {
		left[i] = b.Index(i)
	}
	for i := range a.Len() {
		at := slices.IndexFunc(left, func(other reflect.Value) bool { return host.Same(a.Index(i), other) })
		if at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
	}
	return true
}

// compare reports a value that one definition gets in one place and not in
// another.
func (p place) compare(other place, definition any) []error {
	var faults []error
	for key, value := range p {
		if there, asked := other[key]; asked && !sameValue(value, there) {
			faults = append(faults, fault.Errorf("%v stands in two modules of the host application, which have different values for %s: make two definitions", definition, key))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// at returns the value of the host application for a key where a definition
// stands. For nil and for an unknown definition it returns the value outside of
// modules. The result is not valid if there is no value.
func (h *hostValues) at(definition any, key signature.Key) (reflect.Value, error) {
	if here, ok := h.places[definition]; ok && definition != nil {
		return here[key].Value, nil
	}
	if value, ok := h.root[key]; ok {
		return value.Value, nil
	}
	all := h.all[key]
	switch {
	case all.lacking:
		return reflect.Value{}, nil
	case all.differs:
		return reflect.Value{}, fault.Errorf("it needs %s, for which modules of the host application have different values: take it by a definition in one of them", key)
	}
	return all.value.Value, nil
}

// isOwn reports whether the value of a place differs from the value outside of
// modules.
func (h *hostValues) isOwn(key signature.Key, value reflect.Value) bool {
	if root, ok := h.root[key]; ok {
		return !host.Same(root.Value, value)
	}
	all := h.all[key]
	return all.differs || all.lacking || !host.Same(all.value.Value, value)
}

// groupAt does what at does, for the members of a group.
func (h *hostValues) groupAt(definition any, key signature.Key) (host.Value, error) {
	if here, ok := h.places[definition]; ok && definition != nil {
		return here[key], nil
	}
	all := h.all[key]
	switch {
	case h.inHost && !all.value.Value.IsValid():
		return host.Value{}, fault.Errorf("it needs %s, which no definition asks the host application for: whether that has members is known only to definitions", key)
	case all.differs:
		return host.Value{}, fault.Errorf("it needs %s, which differs between modules of the host application: take it by a definition in one of them", key)
	}
	return all.value, nil
}

// logger returns the logger where a definition stands, or outside of modules
// for nil. It returns nil if there is none.
func (h *hostValues) logger(definition any) *slog.Logger {
	value, err := h.at(definition, signature.Key{Type: resource.LoggerType})
	if err != nil || !value.IsValid() {
		return nil
	}
	logger, _ := value.Interface().(*slog.Logger)
	return logger
}

// Logger returns the logger of the host application. It returns nil if there is
// none.
func (g *Graph) Logger() *slog.Logger { return g.host.logger(nil) }

// ModuleLogger returns the logger of the module of the host application where a
// definition stands. It returns nil if this is the logger outside of modules,
// and if the definition takes no logger.
func (g *Graph) ModuleLogger(definition any) *slog.Logger {
	if _, ok := g.host.places[definition]; !ok || definition == nil {
		return nil
	}
	own := g.host.logger(definition)
	if own == g.Logger() {
		return nil
	}
	return own
}

// StandsAt names the definition that a target belongs to. The target gets the
// values of the host application at the place of this definition.
func StandsAt(definition any) TargetOption { return standsAt{definition} }

type standsAt struct{ definition any }

func (s standsAt) applyTarget(t *Target) { t.place = s.definition }
