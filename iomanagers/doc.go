// Package iomanagers stores the outputs of steps and loads the inputs of steps.
//
// An [IOManager] has two methods: Store keeps the value of an asset, or of one
// partition of it, and Load gives it back. [MemoryManager] keeps deep copies in the
// process. [CodecManager] keeps one object of bytes per value in a [Place];
// [FileManager] is one over a folder, package objectstore has one over a bucket. Package
// sqltable keeps rows as tables of a database.
//
// How a value becomes bytes is a [Codec], chosen by name or by Go type: [JSON], [JSONLines],
// [CSV], [Gob], [Text] and [Raw] are here, Parquet is in package parquetcodec, so that a
// program that does not use it does not link it.
//
// Rows can be stored and loaded as slices, as streams (iter.Seq2[R, error]) and as streams
// of batches (iter.Seq2[[]R, error]), and in another form than they were stored in: see
// package rows. Streams hold a few batches in memory, whatever the number of rows; batches
// are the faster form.
//
// Whether something is an IOManager is decided by package iotest: run its suite
// over every implementation of your own.
//
// [Files] and [Memory] make the two into resources; for those alone the package imports
// package container. Every type in it also works by hand, without Fx.
package iomanagers
