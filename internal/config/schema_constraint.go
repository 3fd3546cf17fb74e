package config

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// constrained adds the limits of the tags to the schema of the type of the
// field.
func (f *Leaf) constrained(s *schema) *schema {
	t := bareType(f.typ)
	if len(f.enum) > 0 && !f.secret {
		return f.enumSchema(s)
	}
	target := s
	if len(s.AnyOf) > 0 {
		target = s.AnyOf[0]
	}
	switch f.unit {
	case "characters":
		f.constrainText(s)
	case "items":
		s.MinItems, s.MaxItems = tighter(f.min, s.MinItems), tighter(f.max, s.MaxItems)
	case "entries":
		target.MinProperties, target.MaxProperties = tighter(f.min, nil), tighter(f.max, nil)
	case "":
		if t == reflect.TypeFor[time.Duration]() {
			break // a schema cannot compare such values
		}
		if f.min.value.IsValid() {
			target.Minimum = f.min.value.Interface()
		}
		if f.max.value.IsValid() {
			target.Maximum = f.max.value.Interface()
		}
	}
	if comment := f.comment(t); comment != "" {
		s.Comment = comment
	}
	return s
}

// comment returns a text for what a schema cannot express.
func (f *Leaf) comment(t reflect.Type) string {
	var texts []string
	if t == reflect.TypeFor[time.Duration]() || f.unit == "bytes" {
		if f.min.text != "" {
			texts = append(texts, "must "+f.phrase("at least", f.min))
		}
		if f.max.text != "" {
			texts = append(texts, "must "+f.phrase("at most", f.max))
		}
	}
	if f.pattern != nil && ofGoAlone.MatchString(f.pattern.String()) {
		texts = append(texts, "must match, in Go's syntax, "+f.pattern.String())
	}
	return strings.Join(texts, "; ")
}

func tighter(b bound, otherwise *int) *int {
	if !b.value.IsValid() {
		return otherwise
	}
	return new(int(b.value.Int()))
}

// ofGoAlone finds the parts of a pattern that have another meaning in
// ECMAScript, because schemas have regular expressions of ECMAScript.
var ofGoAlone = regexp.MustCompile(`\(\?[^:]|\\[AaCEpPQz]|\[\[:|\\x\{`)

// constrainText limits a text. A launch then has to write the value as text.
func (f *Leaf) constrainText(s *schema) {
	if f.pattern == nil && f.min.text == "" && f.max.text == "" {
		return
	}
	s.Type = slices.DeleteFunc(s.Type, func(t string) bool { return t == "number" || t == "boolean" })
	s.MinLength, s.MaxLength = tighter(f.min, nil), tighter(f.max, nil)
	if f.pattern != nil && !ofGoAlone.MatchString(f.pattern.String()) {
		s.Pattern = f.pattern.String()
	}
}

// enumSchema returns a schema with the allowed values only.
func (f *Leaf) enumSchema(s *schema) *schema {
	t := bareType(f.typ)
	asText := t.Kind() == reflect.String || decodesText(t)
	list := &schema{Format: s.Format}
	for i, text := range f.texts {
		switch {
		case t == reflect.TypeFor[time.Duration]():
			list.Enum = append(list.Enum, text)
		case !asText:
			list.Enum = append(list.Enum, f.enum[i].Interface())
		default:
			list.Enum = append(list.Enum, text)
			if isJSONScalar(text) { // it is the same text without quotes
				list.Enum = append(list.Enum, json.RawMessage(text))
			}
		}
	}
	if f.typ.Kind() == reflect.Pointer {
		list.Enum = append(list.Enum, nil)
	}
	return list
}

// isJSONScalar reports whether a text is a number or a boolean of JSON.
func isJSONScalar(text string) bool {
	if text == "true" || text == "false" {
		return true
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return false
	}
	written, err := json.Marshal(number)
	return err == nil && string(written) == text
}
