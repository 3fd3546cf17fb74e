// Package iomanagers stores the outputs of steps and loads the inputs of steps.
//
// An [IOManager] has two methods: Store keeps the value of an asset, or of one
// partition of it, and Load gives it back. Two implementations live here:
// [MemoryManager] keeps deep copies in the process, [FileManager] keeps one file
// per value under a folder. How a value becomes bytes is a [Codec]: [JSON], [CSV]
// and [Raw] are here, Parquet is in package parquetcodec, so that a program that
// does not use it does not link it.
//
// Whether something is an IOManager is decided by package iotest: run its suite
// over every implementation of your own.
//
// [Files] and [Memory] make the two into resources; for those alone the package imports
// package container. Every type in it also works by hand, without Fx.
package iomanagers
