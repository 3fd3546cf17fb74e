package config

import (
	"encoding"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// launchValue is what a launch says of one config field: a node of YAML, or a
// Go value of the field's type.
type launchValue struct {
	node    *yaml.Node
	value   reflect.Value
	broken  bool // it is of the wrong type, which is reported already
	refused bool // it is of the right type but not allowed, which is reported already
}

// LaunchValues are what a launch says of one config, by field path.
type LaunchValues map[string]launchValue

// Read takes in one source of a run config for this config: a struct of the
// config type, Fields, or a node of YAML. Later calls override earlier ones,
// field by field.
func (c *Definition) Read(into LaunchValues, at string, source any) []error {
	switch source := source.(type) {
	case nil:
		return nil
	case layers:
		var faults []error
		for _, layer := range source {
			faults = append(faults, c.Read(into, at, layer)...)
		}
		return faults
	case *yaml.Node:
		return c.readNode(into, at, "", source)
	case Fields:
		return c.readFields(into, at, "", source)
	case map[string]any:
		return c.readFields(into, at, "", source)
	}
	value := reflect.ValueOf(source)
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	}
	if value.Type() != c.value.Type() {
		return []error{fault.Errorf("%s: expected a %s, container.Fields or YAML, not a %T", at, c.value.Type(), source)}
	}
	var faults []error
	for i := range c.fields {
		field := &c.fields[i]
		if fieldValue, ok := fieldByIndex(value, field.index); ok && !fieldValue.IsZero() {
			faults = append(faults, c.take(into, at, field, fieldValue)...)
		}
	}
	return faults
}

// take keeps a Go value for a field.
func (c *Definition) take(into LaunchValues, at string, field *Leaf, value reflect.Value) []error {
	refusals := refuse(at, field, value, "")
	into[field.path] = launchValue{value: value, refused: len(refusals) > 0}
	return append(c.checkFixed(at, field, ""), refusals...)
}

// refuse says where a value is not one that the field's tags allow.
func refuse(at string, field *Leaf, value reflect.Value, where string) []error {
	must := field.violation(value)
	if must == "" {
		return nil
	}
	return []error{fault.Errorf("%s%s: it must %s", joinPath(at, field.path), where, must)}
}

// fieldByIndex is reflect's, but says false at a nil pointer.
func fieldByIndex(value reflect.Value, index []int) (reflect.Value, bool) {
	for i, at := range index {
		if i > 0 && value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return reflect.Value{}, false
			}
			value = value.Elem()
		}
		value = value.Field(at)
	}
	return value, true
}

func (c *Definition) field(path string) (*Leaf, bool) {
	for i := range c.fields {
		if c.fields[i].path == path {
			return &c.fields[i], true
		}
	}
	return nil, false
}

// isSection reports whether path is a nested struct of the config.
func (c *Definition) isSection(path string) bool {
	for _, field := range c.fields {
		if strings.HasPrefix(field.path, path+".") {
			return true
		}
	}
	return false
}

func (c *Definition) unknownField(at, path, where string) error {
	section, _, _ := cutLast(path)
	var siblings []string
	for _, field := range c.fields {
		rest := field.path
		if section != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(field.path, section+"."); !ok {
				continue
			}
		}
		name, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(siblings, name) {
			siblings = append(siblings, name)
		}
	}
	_, name, _ := cutLast(path)
	text := nearest.Suggestion(name, siblings)
	if text == "" {
		text = ", only " + strings.Join(siblings, ", ")
	}
	return fault.Errorf("%s%s: there is no such field%s", joinPath(at, path), where, text)
}

// cutLast parts a path before its last name.
func cutLast(path string) (section, name string, found bool) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return "", path, false
}

func (c *Definition) readFields(into LaunchValues, at, section string, fields map[string]any) []error {
	var faults []error
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		faults = append(faults, c.readField(into, at, joinPath(section, name), fields[name])...)
	}
	return faults
}

func (c *Definition) readField(into LaunchValues, at, path string, given any) []error {
	if c.isSection(path) {
		switch given := given.(type) {
		case Fields:
			return c.readFields(into, at, path, given)
		case map[string]any:
			return c.readFields(into, at, path, given)
		}
		return []error{fault.Errorf("%s: expected fields, not a %T", joinPath(at, path), given)}
	}
	field, ok := c.field(path)
	if !ok {
		return []error{c.unknownField(at, path, "")}
	}
	if node, ok := given.(*yaml.Node); ok {
		return c.readLeaf(into, at, field, node)
	}
	value := reflect.ValueOf(given)
	if value.IsValid() && value.Type().AssignableTo(field.typ) {
		return c.take(into, at, field, value)
	}
	if value.IsValid() {
		if secret, ok := heldBy(field, value); ok {
			return c.take(into, at, field, secret)
		}
		if node, ok := givenText(field, value); ok {
			return c.readLeaf(into, at, field, node)
		}
	}
	if value.IsValid() && isSecret(value.Type()) { // as YAML it would be its mask
		into[path] = launchValue{broken: true}
		return []error{fault.Errorf("%s: expected %s, not a %T", joinPath(at, path), nameOfType(field.typ), given)}
	}
	node, err := encodeNode(given)
	if err != nil {
		into[path] = launchValue{broken: true}
		return []error{fault.Errorf("%s: a %T can't be written as YAML", joinPath(at, path), given)}
	}
	return c.readLeaf(into, at, field, node)
}

// heldBy returns the secret of the field's type that holds a value. A map may be
// {env: NAME}, and what an interface would hold is not known.
func heldBy(field *Leaf, value reflect.Value) (reflect.Value, bool) {
	secret, ok := reflect.Zero(field.typ).Interface().(hider)
	if !ok || field.typ.Kind() == reflect.Pointer {
		return reflect.Value{}, false
	}
	held := secret.hiddenType()
	if held.Kind() == reflect.Map || held.Kind() == reflect.Interface || !value.Type().AssignableTo(held) {
		return reflect.Value{}, false
	}
	return secret.holding(value), true
}

// givenText returns the node of text or bytes, as they are: YAML would write
// some of them in another way than it reads them. Types that write themselves are
// left to it.
func givenText(field *Leaf, value reflect.Value) (*yaml.Node, bool) {
	switch value.Interface().(type) {
	case yaml.Marshaler, encoding.TextMarshaler:
		return nil, false
	}
	bare := bareType(field.typ)
	takesText := bare.Kind() == reflect.String || bare.Kind() == reflect.Interface || unitOf(bare) == "bytes" || decodesText(bare)
	switch {
	case value.Kind() == reflect.String:
		return textNode(value.String()), true
	case takesText && value.Kind() == reflect.Slice && unitOf(value.Type()) == "bytes":
		return textNode(string(value.Bytes())), true
	}
	return nil, false
}

// textOf returns the text of a scalar: of !!binary the bytes, which are written in
// base64. It refuses tags of somebody's own: in a text that begins with an
// exclamation mark, its first word would be one.
func textOf(node *yaml.Node) (string, bool) {
	switch tag := node.ShortTag(); {
	case node.Kind != yaml.ScalarNode || tag == "!!null" || !strings.HasPrefix(tag, "!!"):
		return "", false
	case tag != "!!binary":
		return node.Value, true
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(node.Value), ""))
	return string(data), err == nil
}

// encodeNode writes a Go value as YAML.
func encodeNode(given any) (node *yaml.Node, err error) {
	defer func() {
		if recovered := recover(); recovered != nil { // yaml panics at functions and channels
			err = errors.ErrUnsupported
		}
	}()
	node = new(yaml.Node)
	return node, node.Encode(given)
}

func (c *Definition) readNode(into LaunchValues, at, section string, node *yaml.Node) []error {
	var faults []error
	eachEntry(node, joinPath(at, section), &faults, func(name, value *yaml.Node) {
		path := joinPath(section, name.Value)
		if c.isSection(path) {
			faults = append(faults, c.readNode(into, at, path, value)...)
			return
		}
		field, ok := c.field(path)
		if !ok {
			faults = append(faults, c.unknownField(at, path, where(name)))
			return
		}
		faults = append(faults, c.readLeaf(into, at, field, value)...)
	})
	return faults
}

// readLeaf keeps a node for a field, after a trial that finds a wrong type now
// and not when the run starts.
func (c *Definition) readLeaf(into LaunchValues, at string, field *Leaf, node *yaml.Node) []error {
	node = followAlias(node)
	into[field.path] = launchValue{node: node}
	faults := c.checkFixed(at, field, where(node))
	if name, ok := variableReference(field.typ, node); ok {
		if !variableName.MatchString(name) {
			into[field.path] = launchValue{broken: true} // it may be a secret: not to be named again
			faults = append(faults, fault.Errorf("%s%s: {env: NAME} takes the name of a variable in upper case", joinPath(at, field.path), where(node)))
		}
		return faults
	}
	trial := reflect.New(field.typ).Elem()
	if err := decodeNode(node, trial); err != nil {
		into[field.path] = launchValue{broken: true}
		err.reference = field.typ.Kind() != reflect.Map && readableFromText(field.typ) && looksLikeReference(node)
		return append(faults, err.at(joinPath(at, field.path), field.secret))
	}
	refusals := refuse(at, field, trial, where(node))
	into[field.path] = launchValue{node: node, refused: len(refusals) > 0}
	return append(faults, refusals...)
}

func (c *Definition) checkFixed(at string, field *Leaf, where string) []error {
	if !field.fixed {
		return nil
	}
	return []error{fault.Errorf("%s%s: the field is fixed, a launch may not set it", joinPath(at, field.path), where)}
}

var variableName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// variableReference reads {env: NAME}, which stands for any value that
// envconfig can read from text. In a field that is a map it is a map.
func variableReference(t reflect.Type, node *yaml.Node) (name string, ok bool) {
	if t.Kind() == reflect.Map || !readableFromText(t) || node.Kind != yaml.MappingNode || len(node.Content) != 2 || node.Content[0].Value != "env" {
		return "", false
	}
	value := followAlias(node.Content[1])
	return value.Value, value.Kind == yaml.ScalarNode
}

// looksLikeReference reports whether a node is a map with env among its keys.
func looksLikeReference(node *yaml.Node) bool {
	if node.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == "env" {
			return true
		}
	}
	return false
}

func followAlias(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// where says where a node stands in its text; "" where it was made in code.
func where(node *yaml.Node) string {
	if node.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d, column %d)", node.Line, node.Column)
}

func kindOfNode(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	if !strings.HasPrefix(node.ShortTag(), "!!") {
		return "a value with a tag: put quotes around text that begins with an exclamation mark"
	}
	switch node.Tag {
	case "!!null":
		return "null"
	case "!!binary":
		return "a value with the tag !!binary that is not base64"
	case "!!str":
		return "text"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a time"
	}
	return "a value"
}

// nodeError says which node of a field's YAML is of the wrong type. It never
// holds the node's text, which could be a secret in the wrong place.
type nodeError struct {
	node *yaml.Node
	path string // below the field
	text string
	// reference says that the node looks like {env: NAME}, but is none.
	reference bool
}

func (e *nodeError) at(path string, secret bool) error {
	if e.reference {
		return fault.Errorf("%s%s: a reference is {env: NAME} alone, else give the value itself", path, where(e.node))
	}
	if secret {
		return fault.Errorf("%s%s: expected a value of the secret's type", path, where(e.node))
	}
	return fault.Errorf("%s%s%s: %s", path, e.path, where(e.node), e.text)
}

func (e *nodeError) below(name string) *nodeError {
	e.path = name + e.path
	return e
}

// decodeNode reads a node into a value of a config field's type: text for the
// types that read themselves from text, lists, maps, and structs with their
// launch names. Unlike yaml's own decoder it takes 5s for a duration, knows the
// json tags, and never quotes the text.
func decodeNode(node *yaml.Node, into reflect.Value) *nodeError {
	node = followAlias(node)
	t := into.Type()
	if t.Kind() == reflect.Pointer {
		if node.Kind == yaml.ScalarNode && node.Tag == "!!null" {
			into.SetZero()
			return nil
		}
		into.Set(reflect.New(t.Elem()))
		return decodeNode(node, into.Elem())
	}
	if decodesText(t) {
		return decodeText(node, into)
	}
	switch t.Kind() {
	case reflect.Struct:
		return decodeStruct(node, into)
	case reflect.Slice, reflect.Array:
		if t.Kind() == reflect.Array || t.Elem().Kind() != reflect.Uint8 {
			return decodeList(node, into)
		}
	case reflect.Map:
		return decodeMap(node, into)
	}
	return decodeScalar(node, into)
}

func wrongType(node *yaml.Node, t reflect.Type) *nodeError {
	return &nodeError{node: node, text: fmt.Sprintf("expected %s, not %s", nameOfType(t), kindOfNode(node))}
}

// nameOfType says what a launch has to write for a Go type.
func nameOfType(t reflect.Type) string {
	if t.PkgPath() != "" {
		return "a " + typeText(t)
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number (" + t.String() + ")"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map:
		return "a map"
	}
	return "a " + typeText(t)
}

func decodeText(node *yaml.Node, into reflect.Value) (fault *nodeError) {
	text, ok := textOf(node)
	if !ok {
		return wrongType(node, into.Type())
	}
	defer func() {
		if recovered := recover(); recovered != nil { // the user's own decoder
			fault = &nodeError{node: node, text: fmt.Sprintf("decoding a %s panicked", typeText(into.Type()))}
		}
	}()
	var err error
	switch value := into.Addr().Interface().(type) {
	case envconfig.Decoder:
		err = value.Decode(text)
	case envconfig.Setter:
		err = value.Set(text)
	case encoding.TextUnmarshaler:
		err = value.UnmarshalText([]byte(text))
	case encoding.BinaryUnmarshaler:
		err = value.UnmarshalBinary([]byte(text))
	default:
		err = errors.ErrUnsupported
	}
	if err != nil {
		return &nodeError{node: node, text: fmt.Sprintf("the text is not a %s", typeText(into.Type()))}
	}
	return nil
}

func decodeScalar(node *yaml.Node, into reflect.Value) *nodeError {
	text, ok := textOf(node)
	if !ok {
		return wrongType(node, into.Type())
	}
	if into.Kind() == reflect.String {
		into.SetString(text) // 007 and 1.10 stay as they are written
		return nil
	}
	if into.Kind() == reflect.Slice {
		into.SetBytes([]byte(text))
		return nil
	}
	if into.Type() == reflect.TypeFor[time.Duration]() {
		return decodeDuration(node, into)
	}
	if node.Tag == "!!str" && into.Kind() != reflect.Bool {
		return wrongType(node, into.Type())
	}
	if node.Tag == "!!float" && isWhole(into.Kind()) { // yaml would cut off the fraction
		return &nodeError{node: node, text: "expected a whole number that fits " + into.Type().String()}
	}
	if err := node.Decode(into.Addr().Interface()); err != nil {
		if strings.Contains(err.Error(), "cannot unmarshal !!int") || strings.Contains(err.Error(), "cannot unmarshal !!float") {
			return &nodeError{node: node, text: "expected a number that fits " + into.Type().String()}
		}
		return wrongType(node, into.Type())
	}
	return nil
}

func decodeDuration(node *yaml.Node, into reflect.Value) *nodeError {
	duration, err := time.ParseDuration(node.Value)
	if err != nil {
		return &nodeError{node: node, text: "expected a time.Duration, as in 1m30s"}
	}
	into.SetInt(int64(duration))
	return nil
}

func isWhole(kind reflect.Kind) bool { return kind >= reflect.Int && kind <= reflect.Uint64 }

func decodeList(node *yaml.Node, into reflect.Value) *nodeError {
	if node.Kind != yaml.SequenceNode {
		return wrongType(node, into.Type())
	}
	if into.Kind() == reflect.Slice {
		into.Set(reflect.MakeSlice(into.Type(), len(node.Content), len(node.Content)))
	}
	if len(node.Content) != into.Len() {
		return &nodeError{node: node, text: fmt.Sprintf("expected %d items, not %d", into.Len(), len(node.Content))}
	}
	for i, item := range node.Content {
		if fault := decodeNode(item, into.Index(i)); fault != nil {
			return fault.below(fmt.Sprintf("[%d]", i))
		}
	}
	return nil
}

func decodeMap(node *yaml.Node, into reflect.Value) *nodeError {
	if node.Kind != yaml.MappingNode {
		return wrongType(node, into.Type())
	}
	into.Set(reflect.MakeMap(into.Type()))
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := reflect.New(into.Type().Key()).Elem(), reflect.New(into.Type().Elem()).Elem()
		if fault := decodeNode(asNumber(node.Content[i], key.Type()), key); fault != nil {
			return fault
		}
		if fault := decodeNode(node.Content[i+1], value); fault != nil {
			return fault.below("." + node.Content[i].Value)
		}
		into.SetMapIndex(key, value)
	}
	return nil
}

// asNumber takes the quotes off a map's key: in JSON the key of a map[int]int
// has some.
func asNumber(key *yaml.Node, t reflect.Type) *yaml.Node {
	key = followAlias(key)
	if key.Kind != yaml.ScalarNode || key.Tag != "!!str" || !isNumber(t) {
		return key
	}
	plain := &yaml.Node{Kind: yaml.ScalarNode, Value: key.Value, Line: key.Line, Column: key.Column}
	plain.Tag = plain.ShortTag()
	return plain
}

func decodeStruct(node *yaml.Node, into reflect.Value) *nodeError {
	if node.Kind != yaml.MappingNode {
		return wrongType(node, into.Type())
	}
	fields := make(map[string]int)
	var names []string
	for i := range into.NumField() {
		if field := into.Type().Field(i); field.IsExported() && !isTrue(field.Tag.Get("ignored")) {
			fields[launchName(field)] = i
			names = append(names, launchName(field))
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name := node.Content[i].Value
		index, ok := fields[name]
		if !ok {
			return (&nodeError{node: node.Content[i], text: "there is no such field" + nearest.Suggestion(name, names)}).below("." + name)
		}
		if fault := decodeNode(node.Content[i+1], into.Field(index)); fault != nil {
			return fault.below("." + name)
		}
	}
	return nil
}
