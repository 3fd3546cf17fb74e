package history

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// maxPlain is how many bytes a plainReader reads. Who keeps one of its texts keeps all of them
// in memory.
const maxPlain = 4096

// plainReader reads JSON in the form in which this package writes it: without spaces. It
// takes a fraction of the time of encoding/json, since it makes no copies of texts, and
// does not look into the types of Go. It sets odd if it meets anything that it cannot read
// exactly as encoding/json does, because it is wrong or only unusual, and encoding/json
// must then read all of it.
type plainReader struct {
	text string
	at   int
	odd  bool
}

// isPlain reports whether the whole text was read, and in the way of encoding/json.
func (r *plainReader) isPlain() bool { return !r.odd && r.at == len(r.text) }

// took goes behind a character if it is the next one.
func (r *plainReader) took(c byte) bool {
	if r.at >= len(r.text) || r.text[r.at] != c {
		return false
	}
	r.at++
	return true
}

func (r *plainReader) expect(c byte) { r.odd = !r.took(c) || r.odd }

// object calls read for each field, to read its value.
func (r *plainReader) object(read func(name string)) {
	r.expect('{')
	if r.took('}') {
		return
	}
	for !r.odd {
		name := r.string()
		r.expect(':')
		read(name)
		if r.took('}') {
			return
		}
		r.expect(',')
	}
}

func (r *plainReader) string() string {
	start := r.at
	r.expect('"')
	escaped := false
	for r.at < len(r.text) && r.text[r.at] != '"' && r.text[r.at] >= ' ' {
		if r.text[r.at] == '\\' {
			escaped = true
			r.at++
		}
		r.at++
	}
	if r.expect('"'); r.odd {
		return ""
	}
	text := r.text[start+1 : r.at-1]
	if escaped {
		r.odd = json.Unmarshal([]byte(r.text[start:r.at]), &text) != nil
	} else {
		r.odd = !utf8.ValidString(text)
	}
	return text
}

func (r *plainReader) number() json.Number {
	start := r.at
	r.took('-')
	if !r.took('0') {
		r.digits()
	}
	if r.took('.') {
		r.digits()
	}
	if r.took('e') || r.took('E') {
		if !r.took('+') {
			r.took('-')
		}
		r.digits()
	}
	return json.Number(r.text[start:r.at])
}

// digits goes behind one digit or more.
func (r *plainReader) digits() {
	start := r.at
	for r.at < len(r.text) && '0' <= r.text[r.at] && r.text[r.at] <= '9' {
		r.at++
	}
	r.odd = r.odd || r.at == start
}

func (r *plainReader) int(bits int) int64 {
	number, err := strconv.ParseInt(string(r.number()), 10, bits)
	r.odd = r.odd || err != nil
	return number
}

// values reads an object of any values.
func (r *plainReader) values(depth int) map[string]any {
	values := make(map[string]any)
	r.object(func(name string) { values[name] = r.value(depth + 1) })
	return values
}

func (r *plainReader) list(depth int) []any {
	values := []any{}
	r.expect('[')
	if r.took(']') {
		return values
	}
	for !r.odd {
		values = append(values, r.value(depth+1))
		if r.took(']') {
			break
		}
		r.expect(',')
	}
	return values
}

// value reads any value, in one of the shapes of [Values].
func (r *plainReader) value(depth int) any {
	if r.at >= len(r.text) || depth > maxDepth {
		r.odd = true
		return nil
	}
	switch r.text[r.at] {
	case '"':
		return r.string()
	case '{':
		return r.values(depth)
	case '[':
		return r.list(depth)
	case 't':
		r.word("true")
		return true
	case 'f':
		r.word("false")
		return false
	case 'n':
		r.word("null")
		return nil
	default:
		return r.number()
	}
}

func (r *plainReader) word(word string) {
	for i := range len(word) {
		r.expect(word[i])
	}
}
