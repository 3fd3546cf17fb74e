// Package rows recognises Go types that hold rows, and reads and makes rows in three
// forms.
//
// Rows of type R have one of these forms: a slice, []R; a sequence of single rows, [Seq] or
// iter.Seq2[R, error]; or a sequence of batches, iter.Seq2[[]R, error]. A sequence holds only
// some rows in memory at a time. An IO manager knows R only at run time. Batches cost it
// nothing for the single row, and neither does a Seq, which brings code for R. An iter.Seq2 of
// single rows works as well, and costs a third of a microsecond more for each row, unless a
// definition of the program names its rows: by a Seq, or by the option assets.RowsOf.
//
// Functions of assets make and take sequences with [From], [Each], [Batch] and [Collect].
// IO managers read them with [Of] and [Batches], and make them with [Fill] from a [Source].
//
// A sequence ends with its first error, which it yields once, with the zero value.
package rows
