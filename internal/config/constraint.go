package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/typename"
)

// constraint says which values of its type the tags of a config field allow.
// The zero constraint allows all of them.
type constraint struct {
	texts    []string        // of the enum tag
	enum     []reflect.Value // the values of the texts, without pointers and Secrets
	min, max bound
	unit     string // what min and max count in a value that has a length; "" for numbers
	pattern  *regexp.Regexp
}

// bound is a min or a max tag. The zero bound means that there is no such tag.
type bound struct {
	text  string
	value reflect.Value // of the type of the field without pointers and Secrets; an int for a length
}

// newConstraint reads the tags of a field of type t, and reports what is wrong
// with the tags.
func newConstraint(tag reflect.StructTag, t reflect.Type) (constraint, []error) {
	var c constraint
	var faults []error
	read := func(name string, read func(text string) error) {
		text, ok := tag.Lookup(name)
		if !ok {
			return
		}
		if err := read(text); err != nil {
			faults = append(faults, fault.Errorf("its %s tag %w", name, err))
		}
	}
	c.unit = unitOf(bareType(t))
	read("enum", func(text string) error { return c.readEnum(text, t) })
	read("min", func(text string) (err error) { c.min, err = c.readBound(text, t); return err })
	read("max", func(text string) (err error) { c.max, err = c.readBound(text, t); return err })
	read("pattern", func(text string) error { return c.readPattern(text, t) })
	if c.min.value.IsValid() && c.max.value.IsValid() && !atMost(c.min.value, c.max.value) {
		faults = append(faults, fault.Errorf("its min tag, %s, is above its max tag, %s", c.min.text, c.max.text))
	}
	return c, faults
}

func (c *constraint) readEnum(text string, t reflect.Type) error {
	bare := bareType(t)
	switch bare.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct, reflect.Interface:
		if !decodesText(bare) {
			return fmt.Errorf("is for single values, not for %s", typename.Of(t))
		}
	}
	for _, entry := range strings.Split(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			return errors.New("has an empty value: a field that nothing sets is allowed as it is")
		}
		value, err := readTag(entry, t)
		if err != nil {
			return fmt.Errorf("has %q, which is %w", entry, err)
		}
		if value, ok := bareValue(value); ok {
			c.texts, c.enum = append(c.texts, entry), append(c.enum, value)
		}
	}
	return nil
}

func (c *constraint) readBound(text string, t reflect.Type) (bound, error) {
	bare := bareType(t)
	if c.unit != "" {
		length, err := strconv.Atoi(text)
		if err != nil || length < 0 {
			return bound{}, fmt.Errorf("is not a number of %s", c.unit)
		}
		return bound{text, reflect.ValueOf(length)}, nil
	}
	if !isNumber(bare) {
		return bound{}, fmt.Errorf("is for numbers, durations, text, lists and maps, not for %s", typename.Of(t))
	}
	value, err := readTag(text, bare)
	if err != nil {
		return bound{}, fmt.Errorf("is %w", err)
	}
	if value.CanFloat() && (math.IsNaN(value.Float()) || math.IsInf(value.Float(), 0)) {
		return bound{}, errors.New("is not a finite number")
	}
	return bound{text, value}, nil
}

func (c *constraint) readPattern(text string, t reflect.Type) error {
	if bare := bareType(t); bare.Kind() != reflect.String || decodesText(bare) {
		return fmt.Errorf("is for text, not for %s", typename.Of(t))
	}
	pattern, err := regexp.Compile(text)
	if err != nil {
		return fmt.Errorf("is not a regular expression: %w", err)
	}
	c.pattern = pattern
	return nil
}

// violation says what a value must be, as in "be at least 5", with the most
// similar allowed value if it may be shown. It returns "" if the value is
// allowed. A nil pointer is not a value, and is allowed.
func (f *Leaf) violation(value reflect.Value) string {
	c := &f.constraint
	bare, ok := bareValue(value)
	if !ok {
		return ""
	}
	var must []string
	if len(c.enum) > 0 && !slices.ContainsFunc(c.enum, func(allowed reflect.Value) bool { return sameValue(allowed, bare) }) {
		must = append(must, "be "+f.allowed())
	}
	measured := bare
	if c.unit != "" {
		measured = reflect.ValueOf(lengthOf(bare))
	}
	if c.min.value.IsValid() && !atMost(c.min.value, measured) {
		must = append(must, c.phrase("at least", c.min))
	}
	if c.max.value.IsValid() && !atMost(measured, c.max.value) {
		must = append(must, c.phrase("at most", c.max))
	}
	if c.pattern != nil && !c.pattern.MatchString(bare.String()) {
		must = append(must, "match "+c.pattern.String())
	}
	text := strings.Join(must, " and ")
	if len(c.enum) > 1 && text != "" && !f.secret {
		text += nearest.Suggestion(fmt.Sprint(new(Shapes).jsonable(value, asText)), c.texts)
	}
	return text
}

// allowed lists the values of the enum tag.
func (f *Leaf) allowed() string {
	if f.secret { // one of the allowed values is the secret
		return "one of the values of its enum tag"
	}
	quoted := make([]string, len(f.texts))
	for i, text := range f.texts {
		quoted[i] = strconv.Quote(text)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "one of " + strings.Join(quoted, ", ")
}

func (c *constraint) phrase(comparison string, b bound) string {
	verb := "be "
	if c.unit != "" {
		verb = "have "
	}
	return verb + comparison + " " + c.counted(b)
}

// counted returns a bound as text, with the unit that it counts.
func (c *constraint) counted(b bound) string {
	switch {
	case c.unit == "":
		return b.text
	case b.value.Int() == 1:
		return b.text + " " + map[string]string{"characters": "character", "bytes": "byte", "items": "item", "entries": "entry"}[c.unit]
	}
	return b.text + " " + c.unit
}

// bareType returns a type without its pointers and Secrets.
func bareType(t reflect.Type) reflect.Type {
	for {
		switch secret, ok := reflect.Zero(t).Interface().(hider); {
		case t.Kind() == reflect.Pointer:
			t = t.Elem()
		case ok:
			t = secret.hiddenType()
		default:
			return t
		}
	}
}

// bareValue returns a value without its pointers and Secrets. It returns false
// for a nil pointer.
func bareValue(value reflect.Value) (reflect.Value, bool) {
	for value.IsValid() {
		if value.Kind() == reflect.Pointer {
			if value.IsNil() {
				return reflect.Value{}, false
			}
			value = value.Elem()
			continue
		}
		secret, ok := value.Interface().(hider)
		if !ok {
			return value, true
		}
		value = reflect.ValueOf(secret.hidden())
	}
	return reflect.Value{}, false
}

// unitOf returns the unit of the length of a value. It returns "" for types
// without a length.
func unitOf(t reflect.Type) string {
	if decodesText(t) {
		return ""
	}
	switch t.Kind() {
	case reflect.String:
		return "characters"
	case reflect.Map:
		return "entries"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "items"
	}
	return ""
}

func lengthOf(value reflect.Value) int {
	if value.Kind() == reflect.String {
		return utf8.RuneCountInString(value.String())
	}
	return value.Len()
}

func isNumber(t reflect.Type) bool {
	return !decodesText(t) && t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64 && t.Kind() != reflect.Uintptr
}

// atMost reports whether a number is at most another one of the same type. No
// number is at most NaN.
func atMost(a, b reflect.Value) bool {
	switch {
	case a.CanInt():
		return a.Int() <= b.Int()
	case a.CanUint():
		return a.Uint() <= b.Uint()
	}
	return a.Float() <= b.Float()
}

// sameValue compares two values of one type, without pointers and Secrets. It
// compares times by the moment, and types that write themselves as text by this
// text.
func sameValue(a, b reflect.Value) bool {
	if at, ok := a.Interface().(time.Time); ok {
		return at.Equal(b.Interface().(time.Time))
	}
	if text, ok := asText(a); ok {
		other, ok := asText(b)
		return ok && text == other
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
