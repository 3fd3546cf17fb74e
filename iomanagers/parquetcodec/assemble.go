package parquetcodec

import (
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
)

// columnError is a fault in the contents of a column.
type columnError struct {
	column string
	err    error
}

func (e *columnError) Error() string { return fmt.Sprintf("column %s %v", e.column, e.err) }
func (e *columnError) Unwrap() error { return e.err }

// fill puts the next value of b, whose first part has the repetition level rep, into the Go
// value at p, which is zero.
func (b *bound) fill(p place, rep int) error {
	if b.absent {
		return nil
	}
	if b.shape == leaf {
		v, err := b.cursor.next()
		if err != nil {
			return b.fault(err)
		}
		return b.one(p, v, rep)
	}
	first, err := b.below[0].peek()
	if err != nil {
		return b.fault(err)
	}
	if first.DefinitionLevel() < b.def {
		def := first.DefinitionLevel()
		if err := b.skip(rep, def); err != nil {
			return err
		}
		return b.null(def)
	}
	if b.shape == group {
		return b.fields(b.reach(p), rep)
	}
	if b.shape == list {
		return b.list(b.reach(p), rep, first.DefinitionLevel())
	}
	return b.entries(b.reach(p), rep, first.DefinitionLevel())
}

// one puts a value of a leaf into the Go value at p.
func (b *bound) one(p place, v *parquet.Value, rep int) error {
	if v.RepetitionLevel() != rep {
		return b.fault(fmt.Errorf("has a value at another level than expected: %w", errDamaged))
	}
	if def := v.DefinitionLevel(); def < b.def {
		return b.null(def)
	}
	if err := b.set(b.reach(p), b.cursor, v); err != nil {
		return &columnError{b.column, fmt.Errorf("%w: %w", iomanagers.ErrType, err)}
	}
	return nil
}

// reach returns the place behind the pointers at p.
func (b *bound) reach(p place) place {
	for _, t := range b.pointers {
		p = p.allocate(t)
	}
	return p
}

// null leaves the Go value zero where the file has null at level def.
func (b *bound) null(def int) error {
	if !b.nullable || def != b.def-1 {
		return b.fault(fmt.Errorf("has null where it can't: %w", errDamaged))
	}
	if b.optional() {
		return nil
	}
	return &columnError{b.column, fmt.Errorf("is null: %w: the field %s is a %v; make it a pointer, or give it the tag `parquet:\",optional\"` to load null as the zero value",
		iomanagers.ErrType, b.path, b.typ)}
}

// skip takes the one value that each column within b has where b is null or empty.
func (b *bound) skip(rep, def int) error {
	for _, c := range b.below {
		v, err := c.next()
		if err != nil {
			return b.fault(err)
		}
		if v.RepetitionLevel() != rep || v.DefinitionLevel() != def {
			return b.fault(fmt.Errorf("has columns of different length: %w", errDamaged))
		}
	}
	return nil
}

func (b *bound) fields(p place, rep int) error {
	read := false
	for _, child := range b.nodes {
		read = read || !child.absent
		if err := child.fill(p.field(child.offset), rep); err != nil {
			return err
		}
	}
	if !read { // only the column that tells where there is null
		return b.pass(rep)
	}
	return nil
}

// pass takes the values of a column that is read only for its levels.
func (b *bound) pass(rep int) error {
	c := b.below[0]
	for {
		v, err := c.next()
		if err != nil {
			return b.fault(err)
		}
		if v.RepetitionLevel() != rep {
			return b.fault(fmt.Errorf("has a value at another level than expected: %w", errDamaged))
		}
		following, err := c.more()
		if err != nil {
			return b.fault(err)
		}
		if !following {
			return nil
		}
		if v, err = c.peek(); err != nil || v.RepetitionLevel() <= b.rep {
			return err
		}
		rep = v.RepetitionLevel()
	}
}

func (b *bound) list(p place, rep, def int) error {
	all := p.as(b.typ)
	all.Set(reflect.MakeSlice(b.typ, 0, 0))
	if def < b.itemDef {
		return b.skip(rep, def)
	}
	return b.items(rep, func(rep int) error {
		all.Grow(1)
		all.SetLen(all.Len() + 1)
		return b.nodes[0].fill(placeOf(all.Index(all.Len()-1).Addr()), rep)
	})
}

func (b *bound) entries(p place, rep, def int) error {
	all := p.as(b.typ)
	all.Set(reflect.MakeMap(b.typ))
	if def < b.itemDef {
		return b.skip(rep, def)
	}
	n := 0
	return b.items(rep, func(rep int) error {
		key, value := reflect.New(b.typ.Key()), reflect.New(b.typ.Elem())
		if err := b.nodes[0].fill(placeOf(key), rep); err != nil {
			return err
		}
		if err := b.nodes[1].fill(placeOf(value), rep); err != nil {
			return err
		}
		all.SetMapIndex(key.Elem(), value.Elem())
		if n++; all.Len() != n {
			return &columnError{b.column, fmt.Errorf("%w: it has the key %v twice in one map", iomanagers.ErrType, key.Elem())}
		}
		return nil
	})
}

// items calls item for each item of a list or map.
func (b *bound) items(rep int, item func(rep int) error) error {
	for {
		if err := item(rep); err != nil {
			return err
		}
		more, err := b.below[0].more()
		if err != nil {
			return b.fault(err)
		}
		if !more {
			return nil
		}
		v, err := b.below[0].peek()
		if err != nil {
			return b.fault(err)
		}
		if v.RepetitionLevel() < b.itemRep {
			return nil
		}
		rep = b.itemRep
	}
}

// fault names the column of an error.
func (b *bound) fault(err error) error {
	if _, named := errors.AsType[*columnError](err); named {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("ends too early: %w", err)
	}
	return &columnError{b.column, err}
}
