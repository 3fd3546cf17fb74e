package iomanagers

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fxrun/fxrun/internal/nearest"
)

// jsonWalk looks for what the library lets pass: fields that lack or that the type does not have,
// null where it would become zero, and digits that a float64 loses. It goes through a text that
// the library has accepted, so it is well-formed, and no object in it has two members of one name.
type jsonWalk struct {
	text   []byte
	rules  rules
	path   []jsonStep
	faults []string
}

// jsonStep is one step into a value: a name, or the index of an element if there is no name.
type jsonStep struct {
	name  string
	index int
}

// mostFaults is how many faults of one text are told.
const mostFaults = 10

func (w *jsonWalk) fault(format string, args ...any) {
	if len(w.faults) < mostFaults {
		w.faults = append(w.faults, fmt.Sprintf(format, args...))
	}
}

func (w *jsonWalk) err() error {
	if len(w.faults) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrType, strings.Join(w.faults, "; "))
}

// where returns the path of the value that is looked at, or of a field of it.
func (w *jsonWalk) where(field ...string) string {
	steps := w.path
	if len(field) > 0 {
		steps = append(slices.Clone(steps), jsonStep{name: field[0]})
	}
	if len(steps) == 0 {
		return "the value"
	}
	return "field " + jsonPath(steps)
}

func jsonPath(steps []jsonStep) string {
	var b strings.Builder
	for i, step := range steps {
		switch {
		case step.name == "":
			fmt.Fprintf(&b, "[%d]", step.index)
		case i > 0:
			b.WriteString("." + step.name)
		default:
			b.WriteString(step.name)
		}
	}
	return b.String()
}

// value looks at the value at a byte and returns where it ends.
func (w *jsonWalk) value(s *jsonShape, at int) int {
	at = w.space(at)
	for s.kind == jsonPointer && w.text[at] != 'n' {
		s = s.element
	}
	switch begin := w.text[at]; {
	case begin == 'n':
		if !s.null {
			w.fault("%s is null, which a %v can't be: declare a *%v", w.where(), s.goType, s.goType)
		}
	case s.kind == jsonStruct && begin == '{':
		return w.object(s, at)
	case s.kind == jsonMap && begin == '{':
		return w.entries(s, at)
	case s.kind == jsonList && begin == '[':
		return w.list(s, at)
	case s.kind == jsonAny:
		return w.skip(at, w.number)
	}
	return w.skip(at, nil)
}

// object looks at an object that becomes a struct.
func (w *jsonWalk) object(s *jsonShape, start int) int {
	found := 0
	var unknown []string
	end := w.members(start, func(name []byte, at int) int {
		i := s.find(name, found)
		if i < 0 {
			if s.open {
				return w.rest(s, string(name), at)
			}
			unknown = append(unknown, string(name))
			return w.skip(at, nil)
		}
		found++
		return w.member(s.fields[i].name, s.fields[i].shape, at)
	})
	if found < len(s.fields) {
		w.missing(s, start, unknown)
	}
	if !w.rules.unknown {
		for _, name := range unknown {
			w.fault("%s is not in the type%s", w.where(name), near(name, s.names()))
		}
	}
	return end
}

// find returns the field of that name, -1 if there is none; next is a guess.
func (s *jsonShape) find(name []byte, next int) int {
	if next < len(s.fields) && s.fields[next].name == string(name) {
		return next
	}
	if i, ok := s.byName[string(name)]; ok {
		return i
	}
	return -1
}

func (s *jsonShape) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

// rest looks at a member that goes to the field for all others.
func (w *jsonWalk) rest(s *jsonShape, name string, at int) int {
	if s.element == nil {
		return w.skip(at, nil)
	}
	return w.member(name, s.element, at)
}

// missing reports the fields that an object lacks and that are not optional.
func (w *jsonWalk) missing(s *jsonShape, start int, unknown []string) {
	there := make([]bool, len(s.fields))
	w.members(start, func(name []byte, at int) int {
		if i := s.find(name, 0); i >= 0 {
			there[i] = true
		}
		return w.skip(at, nil)
	})
	for i, f := range s.fields {
		if !there[i] && !f.optional {
			w.fault("%s is missing%s: tag it omitempty if it may lack", w.where(f.name), near(f.name, unknown))
		}
	}
}

func near(name string, names []string) string {
	if found := nearest.Name(name, names); found != "" {
		return fmt.Sprintf(" (did you mean %s?)", found)
	}
	return ""
}

// entries looks at an object that becomes a map.
func (w *jsonWalk) entries(s *jsonShape, at int) int {
	return w.members(at, func(name []byte, at int) int { return w.member(string(name), s.element, at) })
}

func (w *jsonWalk) member(name string, s *jsonShape, at int) int {
	w.path = append(w.path, jsonStep{name: name})
	at = w.value(s, at)
	w.path = w.path[:len(w.path)-1]
	return at
}

func (w *jsonWalk) list(s *jsonShape, at int) int {
	at++
	w.path = append(w.path, jsonStep{})
	for {
		switch at = w.space(at); w.text[at] {
		case ']':
			w.path = w.path[:len(w.path)-1]
			return at + 1
		case ',':
			at++
			w.path[len(w.path)-1].index++
		default:
			at = w.value(s.element, at)
		}
	}
}

// members calls each for the members of an object. It gets the name and where the value begins,
// and returns where that ends.
func (w *jsonWalk) members(at int, each func(name []byte, at int) int) int {
	at++
	for {
		switch at = w.space(at); w.text[at] {
		case '}':
			return at + 1
		case ',':
			at++
		default:
			start := at
			at = w.quoted(at)
			name := w.text[start+1 : at-1]
			if bytes.IndexByte(name, '\\') >= 0 {
				name, _ = jsontext.AppendUnquote(nil, w.text[start:at])
			}
			at = w.space(at) + 1 // the colon
			at = each(name, w.space(at))
		}
	}
}

func (w *jsonWalk) space(at int) int {
	for at < len(w.text) && (w.text[at] == ' ' || w.text[at] == '\n' || w.text[at] == '\r' || w.text[at] == '\t') {
		at++
	}
	return at
}

// quoted returns where the string ends that begins at a byte.
func (w *jsonWalk) quoted(at int) int {
	for at++; ; at++ {
		at += bytes.IndexByte(w.text[at:], '"')
		before := at
		for w.text[before-1] == '\\' {
			before--
		}
		if (at-before)%2 == 0 {
			return at + 1
		}
	}
}

// skip returns where a value ends. It calls number, if there is such a function, with where each
// number within it begins and ends.
func (w *jsonWalk) skip(at int, number func(from, to int)) int {
	for depth := 0; ; {
		switch c := w.text[at]; c {
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		case ',', ':', ' ', '\n', '\r', '\t':
			at++
			continue
		case '"':
			at = w.quoted(at)
		default:
			from := at
			at = w.literal(at)
			if number != nil && (c == '-' || c >= '0' && c <= '9') {
				number(from, at)
			}
		}
		if depth == 0 {
			return at
		}
	}
}

// literal returns where a number or a word ends.
func (w *jsonWalk) literal(at int) int {
	for at < len(w.text) {
		switch w.text[at] {
		case ',', '}', ']', ' ', '\n', '\r', '\t':
			return at
		}
		at++
	}
	return at
}

// number reports a whole number that changes as a float64.
func (w *jsonWalk) number(from, to int) {
	const exact = 15 // that many digits always fit
	digits := string(w.text[from:to])
	if len(digits) <= exact || strings.ContainsAny(digits, ".eE") {
		return
	}
	if f, err := strconv.ParseFloat(digits, 64); err != nil || strconv.FormatFloat(f, 'f', 0, 64) != digits {
		w.fault("%s holds %s, which loses digits as a float64 in a %v: declare an int64 or a json.Number", w.where(), digits, reflect.TypeFor[any]())
	}
}
