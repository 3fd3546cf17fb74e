package parquetcodec

import (
	"errors"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// shredder puts the values of one column, that lie within the value at p, into the column. rep
// is the repetition level of the first of them.
type shredder func(p place, rep int, to *column) error

var errInnerNil = errors.New("is a pointer to nil, which would come back as nil")

// shredderOf returns the shredder of the column target for values of n.
func shredderOf(n, target *node) shredder {
	present := shredPresent(n, target)
	if !n.optional() {
		return present
	}
	path := target.path
	return func(p place, rep int, to *column) error {
		for i := range n.pointers {
			if p = p.target(); !p.isNil() {
				continue
			}
			if i > 0 {
				return unsupported(path, errInnerNil)
			}
			to.null(rep, n.def-1)
			return nil
		}
		if n.nilable && p.target().isNil() || n.zeroIsNull() && p.as(n.typ).IsZero() {
			// A pointer to a nil slice or map would come back as a nil pointer.
			if len(n.pointers) > 0 {
				return unsupported(path, errInnerNil)
			}
			to.null(rep, n.def-1)
			return nil
		}
		return present(p, rep, to)
	}
}

// shredPresent returns the shredder of values of n that are there.
func shredPresent(n, target *node) shredder {
	switch n.shape {
	case group:
		child := towards(n, target)
		inner := shredderOf(child, target)
		return func(p place, rep int, to *column) error { return inner(p.field(child.offset), rep, to) }
	case list:
		return shredList(n, shredderOf(n.nodes[0], target))
	case dict:
		return shredMap(n, target)
	case leaf:
	}
	value := valueOf(n)
	return func(p place, rep int, to *column) error {
		v, err := value(p)
		if err != nil {
			return unsupported(n.path, err)
		}
		to.add(v, rep, n.def)
		return nil
	}
}

// flatValue returns how rows become values of the column n, if each row has exactly one, and nil
// otherwise. Most columns are so, and need no levels.
func flatValue(root, n *node) func(p place) (parquet.Value, error) {
	if !slices.Contains(root.nodes, n) || n.optional() {
		return nil
	}
	return valueOf(n)
}

func shredList(n *node, inner shredder) shredder {
	size := n.typ.Elem().Size()
	return func(p place, rep int, to *column) error {
		all, _ := p.slice(size)
		if all.n == 0 {
			to.null(rep, n.def)
		}
		for i := range all.n {
			if err := inner(all.element(i), rep, to); err != nil {
				return err
			}
			rep = n.rep + 1
		}
		return nil
	}
}

func shredMap(n, target *node) shredder {
	inner := shredderOf(towards(n, target), target)
	ofKey := towards(n, target) == n.nodes[0]
	return func(p place, rep int, to *column) error {
		if p.as(n.typ).Len() == 0 {
			to.null(rep, n.def)
			return nil
		}
		return p.entries(n, func(i int, key, value place) error {
			if i > 0 {
				rep = n.rep + 1
			}
			if ofKey {
				return inner(key, rep, to)
			}
			return inner(value, rep, to)
		})
	}
}

// towards returns the node right within n that holds the column target.
func towards(n, target *node) *node {
	for _, child := range n.nodes {
		for _, found := range child.leaves() {
			if found == target {
				return child
			}
		}
	}
	return nil
}

func (n *node) leaves() []*node {
	if n.shape == leaf {
		return []*node{n}
	}
	var all []*node
	for _, child := range n.nodes {
		all = append(all, child.leaves()...)
	}
	return all
}

// null adds a value that isn't there.
func (c *column) null(rep, def int) {
	c.pending = append(c.pending, parquet.NullValue().Level(rep, def, c.node.column))
	c.size += numberBytes
}
