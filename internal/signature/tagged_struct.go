package signature

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// taggedStruct is a type of fx.In or fx.Out structs.
type taggedStruct struct {
	name     string       // of the embedded field
	embedded reflect.Type // dig.In or dig.Out
	fields   []taggedField
}

// taggedField is a field for a key.
type taggedField struct {
	Key
	optional bool
}

// add adds a field, and returns its number in the struct.
func (s *taggedStruct) add(key Key, optional bool) int {
	s.fields = append(s.fields, taggedField{key, optional})
	return len(s.fields)
}

// structs are the types that were made with one field, by taggedStruct.name and the field.
// Package reflect keeps each type that it makes for ever. To find it there takes three times as
// long as the rest of [Make], and of ten thousand definitions most ask for one thing.
var structs sync.Map

type ofOneField struct {
	name  string
	field taggedField
}

func (s *taggedStruct) typ() reflect.Type {
	if len(s.fields) != 1 {
		return s.makeType()
	}
	key := ofOneField{s.name, s.fields[0]}
	if known, ok := structs.Load(key); ok {
		return known.(reflect.Type)
	}
	made := s.makeType()
	structs.Store(key, made)
	return made
}

func (s *taggedStruct) makeType() reflect.Type {
	fields := []reflect.StructField{{Name: s.name, Type: s.embedded, Anonymous: true}}
	for i, field := range s.fields {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i+1), Type: field.typ(), Tag: field.tag()})
	}
	return reflect.StructOf(fields)
}

func (f taggedField) typ() reflect.Type {
	if f.Group != "" {
		return reflect.SliceOf(f.Type)
	}
	return carrier(f.Type)
}

func (f taggedField) tag() reflect.StructTag {
	var tags []string
	if f.Name != "" {
		tags = append(tags, "name:"+strconv.Quote(f.Name))
	}
	if f.Group != "" {
		tags = append(tags, "group:"+strconv.Quote(f.Group))
	}
	if f.optional {
		tags = append(tags, `optional:"true"`)
	}
	return reflect.StructTag(strings.Join(tags, " "))
}
