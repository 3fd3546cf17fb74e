package iomanagers

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonMember is a field of a struct as the library sees it.
type jsonMember struct {
	goName, name string
	depth        int // how many embedded structs it lies in
	index        []int
	tagged       bool
	optional     bool
	shape        *jsonShape
}

// structOf fills in the shape of a struct.
func (a *jsonAnalysis) structOf(s *jsonShape, path string) {
	s.kind = jsonStruct
	if s.goType.NumField() > 0 && jsonStored(s.goType) == 0 {
		a.refuse(path, "has no field that JSON would store")
		return
	}
	var members []jsonMember
	a.members(s, s.goType, path, jsonMember{}, []reflect.Type{s.goType}, &members)
	if len(a.faults) > 0 {
		return
	}
	if err := tryStruct(s.goType); err != nil {
		a.refuse(path, "does not fit: "+err.Error())
		return
	}
	s.byName = map[string]int{}
	for _, m := range members {
		best, alone := dominant(members, m.name)
		if !alone {
			a.refuse(path+"."+m.goName, "has the name "+m.name+", which another field has too")
			continue
		}
		if best.depth == m.depth && best.tagged == m.tagged { // so it is the best one
			s.byName[m.name] = len(s.fields)
			s.fields = append(s.fields, jsonField{m.name, m.index, m.optional, m.shape})
		}
	}
}

// members gathers the fields of struct t, also those of embedded structs; outer tells where t lies
// in s, and within holds the structs on the way.
func (a *jsonAnalysis) members(s *jsonShape, t reflect.Type, path string, outer jsonMember, within []reflect.Type, all *[]jsonMember) {
	for f := range fields(t) {
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if strings.HasPrefix(name, "'") || strings.Contains(options, "case:") {
			a.refuse(path+"."+f.Name, "has a tag that is not supported: a name in quotes, or the option case")
			continue
		}
		has := func(option string) bool { return slices.Contains(strings.Split(options, ","), option) }
		index := slices.Concat(outer.index, f.Index)
		held := f.Type
		if held.Kind() == reflect.Pointer && held.Name() == "" {
			held = held.Elem()
		}
		if f.Anonymous && name == "" && held.Kind() == reflect.Struct || has("embed") {
			a.embedded(s, f, held, path, outer, within, all)
			continue
		}
		if !f.IsExported() {
			continue
		}
		m := jsonMember{goName: f.Name, name: name, depth: outer.depth, index: index, tagged: name != ""}
		m.optional = outer.optional || has("omitempty") || has("omitzero")
		if name == "" {
			m.name = f.Name
		}
		m.shape = a.of(f.Type, path+"."+f.Name)
		*all = append(*all, m)
	}
}

// embedded gathers what an embedded struct has, or notes the field that takes all other members.
func (a *jsonAnalysis) embedded(s *jsonShape, f reflect.StructField, held reflect.Type, path string, outer jsonMember, within []reflect.Type, all *[]jsonMember) {
	path += "." + f.Name
	switch {
	case held == reflect.TypeFor[jsontext.Value]():
		s.open = true
	case held.Kind() == reflect.Map:
		s.open, s.element = true, a.of(held.Elem(), path)
	case slices.Contains(within, held):
		a.refuse(path, "embeds a struct in itself")
	case held.Kind() == reflect.Struct:
		outer.depth++
		outer.index = slices.Concat(outer.index, f.Index)
		outer.optional = outer.optional || f.Type.Kind() == reflect.Pointer // nil is stored as nothing
		a.members(s, held, path, outer, append(slices.Clone(within), held), all)
	}
}

// dominant returns the member that a name stands for, and whether there is only one such.
func dominant(members []jsonMember, name string) (best jsonMember, alone bool) {
	first := true
	for _, m := range members {
		switch {
		case m.name != name:
		case first || m.depth < best.depth || m.depth == best.depth && m.tagged && !best.tagged:
			best, alone, first = m, true, false
		case m.depth == best.depth && m.tagged == best.tagged:
			alone = false
		}
	}
	return best, alone
}

// jsonStored counts the fields of a struct that JSON stores.
func jsonStored(t reflect.Type) int {
	if t.Kind() != reflect.Struct {
		return 1
	}
	stored := 0
	for f := range fields(t) {
		embedded := f.Anonymous && (f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.Pointer)
		if f.Tag.Get("json") != "-" && (f.IsExported() || embedded) {
			stored++
		}
	}
	return stored
}

// tryStruct lets the library look at the tags of a struct.
func tryStruct(t reflect.Type) (err error) {
	defer func() {
		if recover() != nil {
			err = nil // a method of some field can't deal with a zero value
		}
	}()
	_, fault := json.Marshal(reflect.New(t).Interface(), jsonOptions(true))
	if semantic, ok := errors.AsType[*json.SemanticError](fault); ok && semantic.GoType == t && semantic.JSONPointer == "" {
		return semantic.Err
	}
	return nil
}
