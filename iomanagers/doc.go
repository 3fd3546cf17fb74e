// Package iomanagers stores the outputs of steps and loads the inputs of steps.
//
// An [IOManager] has two methods: Store keeps the value of an asset, or of one
// partition of it, and Load returns it. [MemoryManager] keeps deep copies in the
// process. [CodecManager] keeps each value as one object of bytes in a [Place].
// [FileManager] is a CodecManager over a folder, and package objectstore, which is a Go
// module of its own, has one over a bucket. Package sqltable keeps rows as tables of a database.
//
// A [Codec] turns a value into bytes. It is chosen by its name or by the Go type. This
// package has [JSON], [JSONLines], [CSV], [Gob], [Text] and [Raw]. Parquet is in package
// parquetcodec, and Arrow in package arrowcodec. They are Go modules of their own.
//
// Rows can be stored and loaded as slices, as streams (iter.Seq2[R, error]) and as streams
// of batches (iter.Seq2[[]R, error]). They can be loaded in another form than they were
// stored in; see package rows. A stream holds a few batches in memory, for any number of
// rows. Batches are the faster form.
//
// The test suite in package iotest decides whether a type is an IOManager. Run it over
// every implementation of your own.
//
// [Files] and [Memory] define resources. Only for them does the package import package
// container. All its types also work without Fx.
package iomanagers
