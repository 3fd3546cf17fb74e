// Package rows says what of a Go type is rows, and walks through rows in any form.
//
// Rows of type R come as a slice, []R, or as a sequence that holds only some of them
// in memory at a time: iter.Seq2[R, error], one by one, or iter.Seq2[[]R, error], in
// batches. Batches are the fast form: code that knows R only at run time, as IO
// managers do, spends a third of a microsecond more on every row that comes one by one.
//
// Functions of assets make and take sequences with [From], [Each], [Batch] and
// [Collect]. IO managers take them apart with [Of] and [Batches] and make them with
// [Fill] from a [Source]. The package imports the standard library only.
//
// A sequence ends with its first error, which it yields once, with the zero value.
package rows
