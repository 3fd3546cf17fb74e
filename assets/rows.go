package assets

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/rows"
)

// RowsOf makes single rows of type R as fast as a [rows.Seq], for a function that takes or makes
// them as an iter.Seq2[R, error]:
//
//	assets.New("hottest", Hottest, assets.RowsOf[Sample]())
//
// An IO manager knows the type of a row only at run time, and calls an iter.Seq2 by reflection. The
// option brings code that is compiled for R. So the IO manager is given a rows.Seq[R], and the
// function has its own type. A parameter or a result of type rows.Seq[R] brings this code too.
//
// One definition is enough for all others in the same graph: their single rows of type R are stored
// and loaded with the same code. The option can be given several times. It is a fault if the
// function has no sequence of single rows of type R.
func RowsOf[R any]() Option {
	return aboutFunction("RowsOf", func(d *definition) {
		compiled := reflect.TypeFor[rows.Seq[R]]()
		row := compiled.In(0).In(0)
		switch shape, _ := rows.Of(compiled); {
		case shape.Form == rows.BatchStream:
			d.fault("assets.RowsOf[%v]: this is a batch of rows: sequences of batches need no option", row)
		case d.function.Name != "" && !d.hasRowsOf(compiled): // without a name it is no function, which is said
			d.fault("assets.RowsOf[%v]: %s neither takes nor returns an iter.Seq2[%v, error]", row, d.function.Name, row)
		default:
			d.compiled = append(d.compiled, compiled)
		}
	})
}

// hasRowsOf reports whether the function takes or makes the rows of a rows.Seq as single rows.
func (d *definition) hasRowsOf(compiled reflect.Type) bool {
	return slices.ContainsFunc(d.function.Params, func(p signature.Param) bool { return isSameSequence(p.Type, compiled) }) ||
		slices.ContainsFunc(d.function.Results, func(r signature.Result) bool { return isSameSequence(r.Type, compiled) })
}

// isSameSequence reports whether t is a sequence of single rows with another name.
func isSameSequence(t, compiled reflect.Type) bool {
	shape, ok := rows.Of(t)
	return ok && shape.Form == rows.Stream && t.ConvertibleTo(compiled)
}

// sequences are the rows.Seq types that the definitions of a graph name, by the type of a row. All
// functions of the graph share them.
type sequences map[reflect.Type]reflect.Type

// collect notes the types that a definition names, by the option [RowsOf] or in its function.
func (s sequences) collect(d *definition) {
	named := slices.Clone(d.compiled)
	for _, p := range d.function.Params {
		named = append(named, p.Type)
	}
	for _, r := range d.function.Results {
		named = append(named, r.Type)
	}
	for _, t := range named {
		if rows.IsSeq(t) {
			s[t.In(0).In(0)] = t
		}
	}
}

// of returns the rows.Seq with the single rows of t, or t itself if there is none.
func (s sequences) of(t reflect.Type) reflect.Type {
	if t == nil || t.Kind() != reflect.Func {
		return t
	}
	shape, ok := rows.Of(t)
	if !ok || shape.Form != rows.Stream {
		return t
	}
	if compiled := s[shape.Element]; compiled != nil && t.ConvertibleTo(compiled) {
		return compiled
	}
	return t
}

// Moves returns the type with which a value of type t is given to an IO manager, or asked of it. It
// is t, or the rows.Seq of the same rows if a definition of the graph names this type: see [RowsOf].
// Values are converted between the two.
func (s *Step) Moves(t reflect.Type) reflect.Type { return s.maker.sequences.of(t) }

// rowsByReflection are the types of the single rows that the function takes or makes, and that no
// rows.Seq moves. Chunks of bytes are none: they are large, so the cost of moving one is small.
func (m *maker) rowsByReflection() []string {
	var found []string
	note := func(t reflect.Type) {
		moved := m.sequences.of(t)
		if shape, ok := rows.Of(moved); ok && shape.Form == rows.Stream && !rows.IsSeq(moved) && !rows.IsBytes(shape.Element) {
			found = append(found, shape.Element.String())
		}
	}
	for _, in := range m.inputs {
		note(in.as)
	}
	for _, n := range m.nodes {
		note(n.typ)
	}
	slices.Sort(found)
	return slices.Compact(found)
}
