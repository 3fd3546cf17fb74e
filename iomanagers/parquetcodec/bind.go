package parquetcodec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/iomanagers"
)

// bound is a node of the row type together with what the file has for it.
type bound struct {
	*node
	column   string // path in the file, for errors
	absent   bool   // the file has no such column, or one without any value
	nullable bool   // the file may have null
	def      int    // level in the file at which the value is there
	itemDef  int    // levels at which an item of a list or map is there
	itemRep  int

	set    setter
	cursor *cursor   // of a leaf
	below  []*cursor // all columns within
	nodes  []*bound
}

// binder finds for each column of the rows the one of the file.
type binder struct {
	durations bool // whole numbers in the file may be durations
	cursors   map[int]*cursor
}

func (b binder) root(root *node, file *parquet.Column) (*bound, error) {
	to := &bound{node: root}
	if err := b.fields(to, file, ""); err != nil {
		return nil, err
	}
	if len(b.cursors) == 0 && !slices.ContainsFunc(to.nodes, func(n *bound) bool { return n.column != "" }) {
		return nil, fmt.Errorf("%w: the file has none of the columns of %v, but %s", iomanagers.ErrType, root.typ, listed(file))
	}
	return to, nil
}

func listed(file *parquet.Column) string {
	names := columnNames(file)
	if len(names) == 0 {
		return "no column at all"
	}
	const most = 10
	if len(names) > most {
		names = append(names[:most:most], "others")
	}
	return strings.Join(names, ", ")
}

func columnNames(file *parquet.Column) []string {
	var names []string
	for _, c := range file.Columns() {
		names = append(names, c.Name())
	}
	return names
}

// fields binds the fields of a struct to the columns of a group.
func (b binder) fields(to *bound, file *parquet.Column, path string) error {
	have := map[string]*parquet.Column{}
	twice := map[string]bool{}
	for _, c := range file.Columns() {
		twice[c.Name()] = have[c.Name()] != nil
		have[c.Name()] = c
	}
	for _, n := range to.node.nodes {
		column := strings.TrimPrefix(path+"."+n.name, ".")
		found := have[n.name]
		if found == nil && !n.optional() {
			return fmt.Errorf("%w: the file has no column %s%s", iomanagers.ErrType, column, nearest.Suggestion(n.name, columnNames(file)))
		}
		if twice[n.name] {
			return fmt.Errorf("%w: the file has the column %s twice", iomanagers.ErrType, column)
		}
		child := &bound{node: n, absent: found == nil}
		to.nodes = append(to.nodes, child)
		if found == nil {
			continue
		}
		if err := b.bind(child, found, column); err != nil {
			return err
		}
		to.below = append(to.below, child.below...)
	}
	return nil
}

// bind binds to.node to a column of the file.
func (b binder) bind(to *bound, file *parquet.Column, column string) error {
	to.column, to.nullable, to.def = column, file.Optional(), file.MaxDefinitionLevel()
	bare := file.Repeated() // a list without a group around it
	if bare && to.shape != list {
		return b.mismatch(to, file)
	}
	var err error
	switch to.shape {
	case leaf:
		err = b.leaf(to, file)
	case group:
		if file.Leaf() || isLogical[*format.ListType](file) || isLogical[*format.MapType](file) {
			return b.mismatch(to, file)
		}
		err = b.fields(to, file, column)
	case list:
		err = b.list(to, file, bare)
	case dict:
		err = b.dict(to, file)
	}
	if err == nil && len(to.below) == 0 && !to.absent {
		// Some column has to say where there is null, and how many items there are.
		to.below = []*cursor{b.open(firstLeaf(file))}
	}
	return err
}

func firstLeaf(file *parquet.Column) *parquet.Column {
	for !file.Leaf() {
		if len(file.Columns()) == 0 {
			panic(fmt.Errorf("group %s has no column", strings.Join(file.Path(), ".")))
		}
		file = file.Columns()[0]
	}
	return file
}

func (b binder) leaf(to *bound, file *parquet.Column) error {
	if !file.Leaf() {
		return b.mismatch(to, file)
	}
	if isLogical[*format.NullType](file) && file.Optional() {
		to.set = func(place, *cursor, *parquet.Value) error { return errNotNull }
	} else if to.set = b.setter(to.node, file); to.set == nil {
		return b.mismatch(to, file)
	}
	to.cursor = b.open(file)
	to.below = []*cursor{to.cursor}
	return nil
}

// open returns the cursor of a column.
func (b binder) open(file *parquet.Column) *cursor {
	if b.cursors[file.Index()] == nil {
		b.cursors[file.Index()] = newCursor(file)
	}
	return b.cursors[file.Index()]
}

// list binds a slice to one of the forms that lists have: a group with a repeated group with
// the element, a group with the repeated element, or the repeated element alone.
func (b binder) list(to *bound, file *parquet.Column, bare bool) error {
	repeated := file
	if !bare {
		if file.Leaf() || len(file.Columns()) != 1 || !file.Columns()[0].Repeated() || isLogical[*format.MapType](file) {
			return b.mismatch(to, file)
		}
		repeated = file.Columns()[0]
	} else {
		to.nullable, to.def = false, file.MaxDefinitionLevel()-1
	}
	to.itemDef, to.itemRep = repeated.MaxDefinitionLevel(), repeated.MaxRepetitionLevel()
	element := &bound{node: to.node.nodes[0]}
	to.nodes = []*bound{element}
	var err error
	if wrapsElement(file, repeated, bare) {
		inner := repeated.Columns()[0]
		err = b.bind(element, inner, to.column+"."+repeated.Name()+"."+inner.Name())
	} else {
		err = b.bindRepeated(element, repeated, to.column)
	}
	to.below = element.below
	return err
}

// wrapsElement reports whether the repeated node is a group around the elements, by the rules
// of the format.
func wrapsElement(file, repeated *parquet.Column, bare bool) bool {
	return !bare && !repeated.Leaf() && len(repeated.Columns()) == 1 && !repeated.Columns()[0].Repeated() &&
		repeated.Name() != "array" && repeated.Name() != file.Name()+"_tuple"
}

// bindRepeated binds an element that is the repeated node itself.
func (b binder) bindRepeated(to *bound, repeated *parquet.Column, column string) error {
	to.column, to.def = column, repeated.MaxDefinitionLevel()
	switch {
	case to.shape == leaf:
		return b.leaf(to, repeated)
	case to.shape == group && !repeated.Leaf():
		return b.fields(to, repeated, column)
	}
	return b.mismatch(to, repeated)
}

func (b binder) dict(to *bound, file *parquet.Column) error {
	if file.Leaf() || len(file.Columns()) != 1 {
		return b.mismatch(to, file)
	}
	entry := file.Columns()[0]
	if entry.Leaf() || !entry.Repeated() || len(entry.Columns()) != 2 {
		return b.mismatch(to, file)
	}
	to.itemDef, to.itemRep = entry.MaxDefinitionLevel(), entry.MaxRepetitionLevel()
	for i, n := range to.node.nodes {
		part := &bound{node: n}
		if err := b.bind(part, entry.Columns()[i], to.column+"."+n.name); err != nil {
			return err
		}
		to.nodes = append(to.nodes, part)
		to.below = append(to.below, part.below...)
	}
	return nil
}

func (b binder) mismatch(to *bound, file *parquet.Column) error {
	hint := ""
	if isLogical[*format.DecimalType](file) {
		hint = "; load it into a string, or into a whole number with the tag decimal(scale:precision) of the column"
	}
	if to.typ == durationType && file.Leaf() && file.Type().Kind() == parquet.Int64 {
		hint = "; load it into an int64, since the file does not say in what unit durations are"
	}
	return fmt.Errorf("%w: column %s is stored as %s, which does not go into the field %s of type %v%s",
		iomanagers.ErrType, to.column, described(file), to.path, to.typ, hint)
}

func described(file *parquet.Column) string {
	switch {
	case file.Leaf():
		return file.Type().String()
	case file.Repeated():
		return "a list of groups"
	case isLogical[*format.ListType](file):
		return "a list"
	case isLogical[*format.MapType](file):
		return "a map"
	}
	return "a group of columns"
}

// isLogical reports whether the column has a logical type.
func isLogical[T format.LogicalTypeValue](file *parquet.Column) bool {
	_, is := logicalOf[T](file)
	return is
}

func logicalOf[T format.LogicalTypeValue](file *parquet.Column) (logical T, is bool) {
	if t := file.Type().LogicalType(); t != nil {
		logical, is = t.Value.(T)
	}
	return logical, is
}
