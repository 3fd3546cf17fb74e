package api

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

type object = map[string]any

// document makes the OpenAPI document of the operations. base is the path that those of the
// operations stand below.
func document(base string, operations []operation) ([]byte, error) {
	s := schemas{done: make(map[reflect.Type]*jsonschema.Schema), names: make(map[string]reflect.Type)}
	problem, err := s.of(reflect.TypeFor[Problem](), false)
	if err != nil {
		return nil, err
	}
	paths := make(map[string]object)
	for _, o := range operations {
		described, err := s.operation(o, problem)
		if err != nil {
			return nil, fmt.Errorf("describing the operation %s: %w", o.id, err)
		}
		if paths[o.path] == nil {
			paths[o.path] = object{}
		}
		paths[o.path][strings.ToLower(o.method)] = described
	}
	components := object{}
	for name, t := range s.names {
		components[name] = s.done[t]
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "fxrun", "version": "1",
			"description": "The JSON API of a program with fxrun. Names and meanings of fields do not change, but new fields may be added. " +
				"A / in a name that stands in a path is written as %2F. Fields that end in _ns are durations in nanoseconds.",
		},
		"servers": []object{{"url": base}},
		"paths":   paths,
		"components": object{
			"schemas":         components,
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
		},
		"security": []object{{"token": []string{}}, {}},
	}, "", "  ")
}

var pathParameters = regexp.MustCompile(`\{(\w+)\}`)

func (s *schemas) operation(o operation, problem *jsonschema.Schema) (object, error) {
	parameters := []object{}
	for _, match := range pathParameters.FindAllStringSubmatch(o.path, -1) {
		parameters = append(parameters, object{"name": match[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	if o.query != nil {
		for _, p := range parametersOf(o.query) {
			parameters = append(parameters, object{"name": p.name, "in": "query", "description": p.doc, "schema": parameterSchema(p.field.Type)})
		}
	}
	result, err := s.of(o.result, false)
	if err != nil {
		return nil, err
	}
	content := object{"application/json": object{"schema": result}}
	if o.stream {
		content = object{"text/event-stream": object{"schema": object{"type": "string"}}}
	}
	described := object{
		"operationId": o.id, "summary": o.summary, "tags": []string{strings.Split(o.path, "/")[1]},
		"responses": object{
			strconv.Itoa(o.status): object{"description": http.StatusText(o.status), "content": content},
			"default":              object{"description": "What is wrong", "content": object{ProblemType: object{"schema": problem}}},
		},
	}
	if len(parameters) > 0 {
		described["parameters"] = parameters
	}
	if o.body != nil {
		body, err := s.of(o.body, true)
		if err != nil {
			return nil, err
		}
		described["requestBody"] = object{"content": object{"application/json": object{"schema": body}}}
	}
	return described, nil
}

func parameterSchema(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Slice:
		return object{"type": "array", "items": object{"type": "string"}}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Bool:
		return object{"type": "boolean"}
	}
	return object{"type": "string"}
}

// schemas are the schemas of Go types. Each named struct is a component of the document.
type schemas struct {
	done  map[reflect.Type]*jsonschema.Schema
	names map[string]reflect.Type
}

// knownSchemas are those of types that write their JSON themselves.
func knownSchemas() map[reflect.Type]*jsonschema.Schema {
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage]():    {},
		reflect.TypeFor[RunConfig]():          {Type: "object", Description: "a run config, with the sections resources and steps"},
		reflect.TypeFor[time.Time]():          {Type: "string", Format: "date-time"},
		reflect.TypeFor[slog.Level]():         {Type: "string"},
		reflect.TypeFor[container.Lifetime](): {Type: "string", Enum: []any{"process", "run", "step"}},
		reflect.TypeFor[history.Attrs]():      {Type: "object"},
		reflect.TypeFor[history.Values]():     {Type: "object"},
		reflect.TypeFor[history.Event](): {
			Type: "object", Required: []string{"run_id", "seq", "time", "type"},
			Description: "what happened; the other fields depend on the type",
			Properties: map[string]*jsonschema.Schema{
				"run_id": {Type: "string"}, "seq": {Type: "integer"}, "time": {Type: "string", Format: "date-time"}, "type": {Type: "string"},
			},
		},
	}
}

// of returns the schema of a type. That of a struct is a reference to its component. Only
// what a caller sends is closed: answers may get new fields.
func (s *schemas) of(t reflect.Type, closed bool) (*jsonschema.Schema, error) {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), closed)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &jsonschema.Schema{}, nil
		}
		items, err := s.of(t.Elem(), closed)
		return &jsonschema.Schema{Type: "array", Items: items}, err
	case reflect.Struct:
		if _, known := knownSchemas()[t]; !known {
			return s.component(t, closed)
		}
	}
	schema, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: knownSchemas()})
	return simplified(schema), err
}

// component makes the component of a struct and of the structs that its fields have.
func (s *schemas) component(t reflect.Type, closed bool) (*jsonschema.Schema, error) {
	name := s.nameOf(t)
	reference := &jsonschema.Schema{Ref: "#/components/schemas/" + name}
	if _, done := s.done[t]; done {
		return reference, nil
	}
	if other, taken := s.names[name]; taken {
		return nil, fmt.Errorf("the types %s and %s have the same name in the document", other, t)
	}
	s.done[t], s.names[name] = reference, t // also for what refers to itself
	schema, err := s.structure(t, closed)
	if err != nil {
		return nil, err
	}
	if !closed {
		schema.AdditionalProperties = nil
	}
	s.done[t] = schema
	return reference, nil
}

// structure returns the schema of a struct itself. The fields of an embedded struct count
// as its own, also one that has the name of the embedded type.
func (s *schemas) structure(t reflect.Type, closed bool) (*jsonschema.Schema, error) {
	known := knownSchemas()
	var required []string
	for _, field := range reflect.VisibleFields(t) {
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Map {
			inner = inner.Elem()
		}
		_, is := known[inner]
		if is || len(field.Index) > 1 || inner.Kind() != reflect.Struct || field.Tag.Get("json") == "-" || !field.IsExported() {
			continue
		}
		if field.Anonymous {
			embedded, err := s.structure(inner, closed)
			if err != nil {
				return nil, err
			}
			required = append(required, embedded.Required...)
			known[inner] = &jsonschema.Schema{Type: "object", Properties: embedded.Properties}
			continue
		}
		made, err := s.component(inner, closed)
		if err != nil {
			return nil, err
		}
		known[inner] = made
	}
	schema, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		return nil, err
	}
	schema.Required = append(required, schema.Required...)
	return simplified(schema), nil
}

// nameOf returns the name of the component of a type. Types whose names say little alone
// have that of their package before it.
func (s *schemas) nameOf(t reflect.Type) string {
	before := map[string]string{"automation": "Automation", "picture": "Graph", "graph": "Resource", "assets": "Asset"}[path.Base(t.PkgPath())]
	if strings.HasPrefix(t.Name(), before) {
		before = ""
	}
	return before + t.Name()
}

// simplified takes null out of a schema: the lists of an answer are never null, and what
// is not there is left out.
func simplified(schema *jsonschema.Schema) *jsonschema.Schema {
	if schema == nil {
		return nil
	}
	schema.Types = slices.DeleteFunc(schema.Types, func(t string) bool { return t == "null" })
	if len(schema.Types) == 1 {
		schema.Type, schema.Types = schema.Types[0], nil
	}
	if len(schema.Types) == 0 {
		schema.Types = nil
	}
	if schema.AdditionalProperties != nil && schema.Type == "object" && len(schema.Properties) == 0 {
		simplified(schema.AdditionalProperties)
	}
	simplified(schema.Items)
	for _, property := range schema.Properties {
		simplified(property)
	}
	return schema
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
