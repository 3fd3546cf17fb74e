package iomanagers

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/fxrun/fxrun/internal/panics"
)

// jsonText is the text of one value, and the number of its line, 0 if that is not known.
type jsonText struct {
	data []byte
	line int
}

// jsonRows turns rows into texts and back, several rows at the same time if no code of users
// takes part in it.
type jsonRows struct {
	*jsonType
	rules rules
	row   int // the number of the next row

	texts []bytes.Buffer // of the last batch that was encoded
}

func newJSONRows(slice reflect.Type) (*jsonRows, error) {
	t, err := jsonTypeOf(slice.Elem())
	return &jsonRows{jsonType: t}, err
}

// decode sets the length of target and its rows to those of texts.
func (r *jsonRows) decode(texts []jsonText, target reflect.Value) error {
	target.SetLen(len(texts))
	err := split(len(texts), !r.own, func(_, from, to int) error {
		walk := jsonWalk{rules: r.rules}
		for i := from; i < to; i++ {
			if err := r.jsonType.decode(texts[i].data, target.Index(i).Addr().Interface(), &walk); err != nil {
				return rowFault(r.row+i, texts[i].line, err)
			}
		}
		return nil
	})
	if err != nil {
		target.SetLen(0)
	}
	r.row += len(texts)
	return err
}

func rowFault(row, line int, err error) error {
	if line == 0 {
		return fmt.Errorf("row %d: %w", row, err)
	}
	return fmt.Errorf("row %d, line %d: %w", row, line, err)
}

// encode returns the texts of rows, in pieces that each end in the separator. They are valid until
// encode is called again.
func (r *jsonRows) encode(batch reflect.Value, separator byte) ([][]byte, error) {
	if r.texts == nil {
		r.texts = make([]bytes.Buffer, runtime.GOMAXPROCS(0))
	}
	pieces := make([][]byte, len(r.texts))
	err := split(batch.Len(), !r.own && !r.any, func(part, from, to int) error {
		text := &r.texts[part]
		text.Reset()
		for i := from; i < to; i++ {
			// By its address, so that no row is copied into an interface.
			if err := r.jsonType.encode(text, batch.Index(i).Addr().Interface()); err != nil {
				return rowFault(r.row+i, 0, err)
			}
			text.Bytes()[text.Len()-1] = separator
		}
		pieces[part] = text.Bytes()
		return nil
	})
	r.row += batch.Len()
	return slices.DeleteFunc(pieces, func(piece []byte) bool { return len(piece) == 0 }), err
}

// fewest is how many rows are worth a goroutine.
const fewest = 64

// split calls do for all of n rows, or for parts of them at the same time if it may. It returns
// the error of the first part that has one.
func split(n int, may bool, do func(part, from, to int) error) error {
	parts := min(runtime.GOMAXPROCS(0), n/fewest)
	if !may || parts <= 1 {
		return do(0, 0, n)
	}
	faults := make([]error, parts)
	var group sync.WaitGroup
	for part := range parts {
		group.Go(func() {
			panics.Call(
				func() error { return do(part, part*n/parts, (part+1)*n/parts) },
				func(err error) { faults[part] = err })
		})
	}
	group.Wait()
	for _, fault := range faults {
		if fault != nil {
			return fault
		}
	}
	return nil
}

// encode appends the text of a value and a line end.
func (t *jsonType) encode(b *bytes.Buffer, value any) error {
	from := b.Len()
	if err := json.MarshalWrite(b, value, t.options); err != nil {
		return encodingFault(err)
	}
	if err := t.checkValue(value); err != nil {
		return err
	}
	if t.any || t.own {
		if err := t.check(b.Bytes()[from:], new(jsonWalk)); err != nil {
			return fmt.Errorf("%w: it could not be read back: %w", ErrUnsupported, err)
		}
	}
	b.WriteByte('\n')
	return nil
}

// checkValue reports what of a value, of the type or a pointer to it, has been written as the
// text of another value.
func (t *jsonType) checkValue(value any) error {
	if !t.guard.needed() {
		return nil
	}
	v := reflect.ValueOf(value)
	if v.Type() != t.shape.goType {
		v = v.Elem()
	}
	return t.guard.check(v)
}

// decode reads one value into dst. walk is for any number of values, and says the rules.
func (t *jsonType) decode(text []byte, dst any, walk *jsonWalk) error {
	if err := json.Unmarshal(text, dst, t.options); err != nil {
		return decodingFault(err)
	}
	return t.check(text, walk)
}

// check reports what of an accepted text does not fit the type.
func (t *jsonType) check(text []byte, walk *jsonWalk) error {
	walk.text, walk.path, walk.faults = text, walk.path[:0], nil
	walk.value(t.shape, 0)
	return walk.err()
}
