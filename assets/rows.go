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
// function has its own type. The option can be given several times. It is a fault if the function
// has no sequence of single rows of type R.
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

// Moves returns the type with which a value of type t is given to an IO manager, or asked of it. It
// is t, or the rows.Seq of the same rows if the step has the option [RowsOf] for them. Values are
// converted between the two.
func (s *Step) Moves(t reflect.Type) reflect.Type {
	for _, compiled := range s.maker.compiled {
		if isSameSequence(t, compiled) {
			return compiled
		}
	}
	return t
}
