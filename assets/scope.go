package assets

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/rows"
)

// scope is where a parameter's value is looked for: among all assets, or among
// the ops of one job.
type scope struct {
	kind   Kind
	makers map[string]*maker
	byKey  map[string]*node
	byType map[reflect.Type][]*node
	byRow  map[reflect.Type][]*node // by the type of one row
	groups map[string][]*node       // by the name of the group
}

func newScope(kind Kind) *scope {
	return &scope{
		kind: kind, makers: make(map[string]*maker), byKey: make(map[string]*node),
		byType: make(map[reflect.Type][]*node), byRow: make(map[reflect.Type][]*node),
		groups: make(map[string][]*node),
	}
}

// add puts a function and what it makes into the scope.
func (s *scope) add(m *maker) []error {
	var faults []error
	said := make(map[string]bool)
	twice := func(key string, first *maker) {
		if !said[key] {
			said[key] = true
			faults = append(faults, fmt.Errorf("%s %s is defined twice: at %s and at %s", s.kind, key, first.position, m.position))
		}
	}
	if first, ok := s.named(m.key); ok { // also where the one is a value, the other the step that makes others
		twice(m.key, first)
	}
	for _, n := range m.nodes {
		if first, ok := s.named(n.key); ok && first.key != m.key { // otherwise it has been reported above
			twice(n.key, first)
		}
	}
	if s.makers[m.key] == nil {
		s.makers[m.key] = m
	}
	for _, n := range m.nodes {
		if s.byKey[n.key] != nil {
			continue
		}
		s.byKey[n.key] = n
		if n.group != "" {
			s.groups[n.group] = append(s.groups[n.group], n)
		}
		if n.typ == nil {
			continue
		}
		s.byType[n.typ] = append(s.byType[n.typ], n)
		if shape, ok := rows.Of(n.typ); ok {
			s.byRow[shape.Element] = append(s.byRow[shape.Element], n)
		}
	}
	return faults
}

// named finds a function by its key, or by that of a value it makes.
func (s *scope) named(key string) (*maker, bool) {
	if n, ok := s.byKey[key]; ok {
		return n.maker, true
	}
	m, ok := s.makers[key]
	return m, ok
}

// keys are all that a name can mean here.
func (s *scope) keys() []string {
	var keys []string
	for key := range s.byKey {
		keys = append(keys, key)
	}
	for key := range s.makers {
		if s.byKey[key] == nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (s *scope) suggest(key string) string { return nearest.Suggestion(key, s.keys()) }

// givers returns the values that a parameter of type t can be. These are the values
// of exactly this type, and otherwise those whose rows can be loaded in that form.
// The values that m itself makes do not count.
func (s *scope) givers(m *maker, t reflect.Type) []*node {
	others := func(nodes []*node) []*node {
		return slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return n.maker == m })
	}
	if exact := others(s.byType[t]); len(exact) > 0 {
		return exact
	}
	shape, ok := rows.Of(t)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(others(s.byRow[shape.Element]), func(n *node) bool { return !convertible(n.typ, t) })
}

// convertible reports whether an IO manager can load rows that are stored as one
// type as another type. Slices of simple values are excluded, because they are so
// common that they would be confused with one another.
func convertible(stored, wanted reflect.Type) bool {
	from, ok := rows.Of(stored)
	to, isRows := rows.Of(wanted)
	if !ok || !isRows || from.Element != to.Element {
		return false
	}
	row := from.Element
	if row.Kind() == reflect.Pointer {
		row = row.Elem()
	}
	return row.Kind() == reflect.Struct || from.Form != rows.Slice || to.Form != rows.Slice
}
