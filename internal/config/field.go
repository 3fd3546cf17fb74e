package config

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"unicode"

	"github.com/kelseyhightower/envconfig"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Leaf is one leaf of a config struct. envconfig names and decodes
// fields only as parts of a struct and stops at the first fault, so each leaf
// is kept as a struct type of its own: every fault is found, and each value's
// source is known.
type Leaf struct {
	path   string // in a run config: "auth.user"
	goName string // "Auth.User"
	index  []int  // in the config struct, through pointers
	typ    reflect.Type
	text   string // default tag
	desc   string
	constraint

	key      string       // environment variable; "" where none is read
	alt      string       // the variable that is read where key is not set; "" for none
	plain    string       // the name that envconfig would fall back to, without the prefix; see FromPlainEnv
	fallback reflect.Type // the same with the default tag alone, so that no variable stands in for it
	required bool
	secret   bool
	atLaunch bool
	fixed    bool
}

// neverSet is a prefix that no environment has; with it envconfig decodes a
// default tag without reading a variable.
const neverSet = "FXRUN_NEVER_SET_FOR_DEFAULTS"

// Analyse finds the leaves of a config struct, and everything that is wrong
// with its type, its value or its options.
func (c *Definition) Analyse(shapes *Shapes) []error {
	if !c.value.IsValid() || c.value.Kind() != reflect.Struct {
		return []error{fault.Errorf("its config must be a struct, by value, not %s", kindOf(c.value))}
	}
	shape := shapes.of(c)
	faults := slices.Clone(shape.faults)
	c.fields = shape.fields
	for i := range c.fields {
		field := &c.fields[i]
		if value, ok := fieldByIndex(c.value, field.index); ok && !value.IsZero() {
			if must := field.violation(value); must != "" {
				faults = append(faults, fault.Errorf("config field %s: its value in code must %s", field.goName, must))
			}
		}
	}
	if len(c.atLaunch)+len(c.fixed)+len(c.plain) == 0 {
		return faults
	}
	c.fields = slices.Clone(c.fields)
	c.mark(c.atLaunch, "AtLaunch", &faults, func(f *Leaf) { f.atLaunch = true })
	c.mark(c.fixed, "Fixed", &faults, func(f *Leaf) { f.fixed = true })
	c.mark(c.plain, "FromPlainEnv", &faults, func(f *Leaf) {
		if f.plain == "" {
			faults = append(faults, fault.Errorf("FromPlainEnv names the field %s, which has no envconfig tag or no prefix of FromEnv", f.goName))
		}
		f.alt = f.plain
	})
	for _, field := range c.fields {
		if field.atLaunch && field.fixed {
			faults = append(faults, fault.Errorf("field %s is both AtLaunch and Fixed", field.goName))
		}
	}
	return faults
}

// Shapes are the config types of a container, each taken apart once: a
// loop that makes thousands of steps gives all of them the same type.
type Shapes struct{ known sync.Map }

// shapeKey is what the leaves of a config depend on.
type shapeKey struct {
	typ     reflect.Type
	fromEnv bool
	prefix  string
}

type shape struct {
	fields []Leaf // not to be changed
	faults []error
}

func (s *Shapes) of(c *Definition) shape {
	key := shapeKey{c.value.Type(), c.fromEnv, c.prefix}
	if known, ok := s.known.Load(key); ok {
		return known.(shape)
	}
	walk := fieldWalk{fromEnv: c.fromEnv, seen: make(map[string]string)}
	walk.structure(key.typ, position{prefix: c.prefix}, nil)
	taken := shape{slices.Clip(walk.fields), walk.faults}
	s.known.Store(key, taken)
	return taken
}

func kindOf(value reflect.Value) string {
	if !value.IsValid() {
		return "nil"
	}
	return typeText(value.Type())
}

// mark sets an option on the fields that it names, all fields below a nested
// struct's name included.
func (c *Definition) mark(names []string, option string, faults *[]error, set func(*Leaf)) {
	for _, name := range names {
		found := false
		for i := range c.fields {
			if c.fields[i].goName == name || strings.HasPrefix(c.fields[i].goName, name+".") {
				set(&c.fields[i])
				found = true
			}
		}
		if !found {
			*faults = append(*faults, fault.Errorf("%s names a field %q that %s does not have%s",
				option, name, c.value.Type(), nearest.SuggestionAmong(name, c.fields, func(f Leaf) string { return f.goName })))
		}
	}
}

// position is where in the config struct the walk stands.
type position struct {
	path, goName, prefix string
	index                []int
}

type fieldWalk struct {
	fromEnv bool
	fields  []Leaf
	faults  []error
	seen    map[string]string // path -> Go name
}

func (w *fieldWalk) fault(format string, args ...any) {
	w.faults = append(w.faults, fault.Errorf(format, args...))
}

func (w *fieldWalk) structure(t reflect.Type, at position, above []reflect.Type) {
	for _, outer := range above {
		if outer == t {
			w.fault("config %s contains itself at field %s", t, at.goName)
			return
		}
	}
	above = append(above, t)
	for i := range t.NumField() {
		field := t.Field(i)
		if isTrue(field.Tag.Get("ignored")) || !field.IsExported() && !field.Anonymous {
			continue
		}
		w.field(field, at, i, above)
	}
}

func (w *fieldWalk) field(field reflect.StructField, at position, i int, above []reflect.Type) {
	inner := position{
		path:   joinPath(at.path, launchName(field)),
		goName: joinPath(at.goName, field.Name),
		prefix: at.prefix,
		index:  append(append([]int(nil), at.index...), i),
	}
	structType := field.Type
	if structType.Kind() == reflect.Pointer {
		structType = structType.Elem()
	}
	nested := structType.Kind() == reflect.Struct && !decodesText(structType)
	if !nested && !field.IsExported() || nested && !field.IsExported() && field.Type.Kind() == reflect.Pointer {
		return // envconfig can't set it either
	}
	leaf := Leaf{
		path: inner.path, goName: inner.goName, index: inner.index, typ: field.Type,
		text: field.Tag.Get("default"), desc: field.Tag.Get("desc"),
		required: isTrue(field.Tag.Get("required")), secret: isSecret(field.Type),
	}
	if nested {
		if field.Anonymous {
			inner.path, inner.goName = at.path, at.goName
		} else {
			inner.prefix, _ = variableNames(at.prefix, field)
		}
		if name := constraintTag(field.Tag); name != "" {
			w.fault("config field %s: its %s tag is not heeded on a struct: put it on a field", leaf.goName, name)
		}
		w.structure(structType, inner, above)
		return
	}
	if reason := undecodable(field.Type); reason != "" {
		w.fault(`config field %s: %s can't be configured: tag the field ignored:"true"`, leaf.goName, reason)
		return
	}
	if other, ok := w.seen[leaf.path]; ok {
		w.fault("config fields %s and %s are both called %q in a run config", other, leaf.goName, leaf.path)
		return
	}
	w.seen[leaf.path] = leaf.goName
	leaf.fallback = withDefaultTag(leaf.text, field.Type)
	if w.fromEnv && readableFromText(field.Type) {
		leaf.key, leaf.plain = variableNames(at.prefix, field)
		if leaf.plain == leaf.key {
			leaf.plain = ""
		}
	}
	w.constrain(&leaf, field.Tag)
	w.fields = append(w.fields, leaf)
}

// constrain reads the constraint tags of a leaf and checks the default tag.
func (w *fieldWalk) constrain(leaf *Leaf, tag reflect.StructTag) {
	var faults []error
	leaf.constraint, faults = newConstraint(tag, leaf.typ)
	for _, fault := range faults {
		w.fault("config field %s: %w", leaf.goName, fault)
	}
	if text := misplacedConstraint(leaf.typ, make(map[reflect.Type]bool)); text != "" {
		w.fault("config field %s: %s", leaf.goName, text)
	}
	if leaf.text != "" {
		value, err := leaf.decodeDefault()
		if err != nil {
			w.fault("config field %s: its default tag is %w", leaf.goName, err)
		} else if must := leaf.violation(value); must != "" {
			w.fault("config field %s: its default tag must %s", leaf.goName, must)
		}
	}
}

// variableTemplate prints what envconfig itself calls the field, so that no
// second copy of its naming rules is needed.
var variableTemplate = template.Must(template.New("variable").Parse("{{range .}}{{.Key}} {{.Alt}}\n{{end}}"))

// variableNames returns the environment variable that envconfig reads for the
// field, and the one that it falls back to.
func variableNames(prefix string, field reflect.StructField) (key, alt string) {
	asText := reflect.StructField{Name: field.Name, Type: reflect.TypeFor[string](), Tag: field.Tag}
	single := reflect.New(reflect.StructOf([]reflect.StructField{asText}))
	var out strings.Builder
	if err := envconfig.Usaget(prefix, single.Interface(), &out, variableTemplate); err != nil {
		return "", ""
	}
	key, alt, _ = strings.Cut(strings.TrimSpace(out.String()), " ")
	return key, alt
}

// variable returns the name and text of the field's environment variable as
// envconfig looks it up.
func (f *Leaf) variable() (name string, ok bool) {
	if f.key == "" {
		return "", false
	}
	if _, ok := os.LookupEnv(f.key); ok {
		return f.key, true
	}
	if f.alt != "" {
		if _, ok := os.LookupEnv(f.alt); ok {
			return f.alt, true
		}
	}
	return f.key, false
}

func (f *Leaf) decodeDefault() (reflect.Value, error) {
	return decodeSingle(f.fallback, neverSet)
}

// decodeNamedVariable lets envconfig decode the field from any variable that is set.
func (f *Leaf) decodeNamedVariable(name string) (reflect.Value, error) {
	named := reflect.StructOf([]reflect.StructField{{
		Name: "Value", Type: f.typ, Tag: reflect.StructTag(`envconfig:` + strconv.Quote(name)),
	}})
	return decodeSingle(named, "")
}

func decodeSingle(single reflect.Type, prefix string) (value reflect.Value, err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // a user's own decoder
			err = fmt.Errorf("not a valid %s: its decoder panicked", typeText(single.Field(0).Type))
		}
	}()
	target := reflect.New(single)
	if err := envconfig.Process(prefix, target.Interface()); err != nil {
		var parse *envconfig.ParseError
		if errors.As(err, &parse) {
			return reflect.Value{}, errors.New("not a valid " + userText(parse.TypeName)) // its own text quotes the value
		}
		return reflect.Value{}, err
	}
	return target.Elem().Field(0), nil
}

// launchName is what a run config calls a field.
func launchName(field reflect.StructField) string {
	if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
		return name
	}
	return snakeCase(field.Name)
}

// snakeCase parts a Go name into lower-case words: BaseURL is base_url,
// HTTPPort is http_port.
func snakeCase(name string) string {
	runes := []rune(name)
	var words strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			words.WriteByte('_')
		}
		words.WriteRune(unicode.ToLower(r))
	}
	return words.String()
}

func joinPath(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

func isTrue(text string) bool {
	value, _ := strconv.ParseBool(text)
	return value
}

// isSecret reports whether a value of type t is a Secret, or has one in it.
func isSecret(t reflect.Type) bool { return hasSecret(t, make(map[reflect.Type]bool)) }

func hasSecret(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t.Implements(reflect.TypeFor[hider]()) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasSecret(t.Elem(), seen)
	case reflect.Struct:
		for field := range t.Fields() {
			if field.IsExported() && hasSecret(field.Type, seen) {
				return true
			}
		}
	}
	return false
}

// decodesText reports whether the type reads itself from text, in one of the
// four ways that envconfig knows.
func decodesText(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return pointer.Implements(reflect.TypeFor[envconfig.Decoder]()) ||
		pointer.Implements(reflect.TypeFor[envconfig.Setter]()) ||
		pointer.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) ||
		pointer.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
}

// readableFromText reports whether envconfig gives the type a value at all:
// it leaves slices and maps of structs empty without an error.
func readableFromText(t reflect.Type) bool {
	if decodesText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		return readableFromText(t.Elem())
	case reflect.Map:
		return readableFromText(t.Key()) && readableFromText(t.Elem())
	case reflect.Struct, reflect.Array:
		return false
	}
	return true
}

// undecodable says why no layer could give the type a value; "" if one can.
func undecodable(t reflect.Type, above ...reflect.Type) string {
	if decodesText(t) {
		return ""
	}
	if slices.Contains(above, t) {
		return typeText(t) + ", which contains itself,"
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Func, reflect.Chan, reflect.Interface, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer, reflect.Uintptr:
		return typeText(t)
	case reflect.Slice, reflect.Pointer, reflect.Array:
		return undecodable(t.Elem(), above...)
	case reflect.Map:
		if reason := undecodable(t.Key(), above...); reason != "" {
			return reason
		}
		return undecodable(t.Elem(), above...)
	}
	return ""
}
