// Package objectstore is an IO manager that keeps values as objects of a
// bucket: in a cloud's object store, a folder or memory.
//
//	container.Provide("lake", bucket.New, container.Config(bucket.Config{URL: "s3://my-bucket?region=eu-central-1"}))
//	objectstore.Objects("io_manager", objectstore.Config{Prefix: "assets"})
//
// The bucket is a resource of its own (package modules/bucket), which assets may
// use too. Values become bytes in the same way as for files; see
// [iomanagers.CodecManager].
//
// The package is a Go module of its own, as modules/bucket is.
package objectstore

import (
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/bucket"
)

// Config is the configuration of a [Manager].
type Config struct {
	// Prefix is the folder within the bucket in which the values are stored. ""
	// means the whole bucket. Managers that share a bucket need different prefixes.
	Prefix string `json:"prefix" desc:"folder within the bucket that the values are kept under"`
}

// Validate reports what is wrong with the config.
func (c Config) Validate() error {
	if strings.HasPrefix(c.Prefix, "/") || strings.Contains("/"+c.Prefix+"/", "/../") || strings.Contains(c.Prefix, "//") {
		return fmt.Errorf("prefix: %q must consist of names with slashes between them", c.Prefix)
	}
	return nil
}

// Manager is an [iomanagers.CodecManager] that keeps one object for each value
// in a bucket.
//
// If the asset raw/orders is stored as CSV, its object is raw/orders.csv after the
// prefix. The object of its partition 2026-01-02 is
// raw/orders/partition=2026-01-02.csv. A name of more than 700 bytes ends in a
// hash, because object stores may refuse such names.
//
// An object is stored whole or not at all. Streams are written and read in bounded
// memory, without a file. Only formats that are read at any offset, such as
// Parquet, are copied first: into memory up to 4 MiB, and otherwise into a
// temporary file. The files of a folder are read without a copy. Reading each part
// from the bucket would mix two values if a new one is stored at the same time.
//
// Each object has the run that stored it in its metadata, under the key fxrun_run. By this a
// step finds out that another run has replaced the value of its own run, see
// iomanagers.Input.MadeBy. A Load that asks for the value of one run makes two more requests.
// The files of a folder have no metadata, so there nothing is compared between processes.
//
// A Manager is safe for concurrent use. Several processes may use one bucket, as
// long as two of them do not store one asset and partition in two formats at the
// same time.
type Manager struct {
	*iomanagers.CodecManager
	bucket *bucket.Bucket
}

// Stages reports whether the manager is m.
func (m *Manager) Stages(manager iomanagers.IOManager) bool {
	same, ok := manager.(*Manager)
	return ok && same == m
}

// StaysInProcess returns why another process cannot load the values, as the bucket says it.
func (m *Manager) StaysInProcess() string { return m.bucket.StaysInProcess() }

// StaysOnMachine returns why another machine cannot load the values, as the bucket says it.
func (m *Manager) StaysOnMachine() string { return m.bucket.StaysOnMachine() }

// New returns a manager of values in b. The caller stops b. The codecs are those of
// [iomanagers.NewCodecManager]. New does not use the bucket, which need not have
// started.
func New(b *bucket.Bucket, cfg Config, codecs ...iomanagers.Codec) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("making the manager of objects: %w", err)
	}
	prefix := strings.TrimSuffix(cfg.Prefix, "/")
	if prefix != "" {
		prefix += "/"
	}
	values, err := iomanagers.NewCodecManager(place{b, prefix}, codecs...)
	if err != nil {
		return nil, fmt.Errorf("making the manager of objects: %w", err)
	}
	return &Manager{values, b}, nil
}

// Objects defines a resource with this key that is a [Manager]. Assets name it with
// assets.IO, and the key "io_manager" is their default. It takes the bucket from
// the container by its type, *bucket.Bucket. If there are several buckets, write a
// constructor of your own that has a name tag and calls [New]. The codecs are those
// of New.
//
// Its config has one field, prefix. A launch may set it, and so may the environment
// variable KEY_PREFIX with the key in upper case, such as IO_MANAGER_PREFIX.
func Objects(key string, config Config, codecs ...iomanagers.Codec) container.Resource {
	return container.Provide(key,
		func(cfg Config, b *bucket.Bucket) (*Manager, error) { return New(b, cfg, codecs...) },
		container.Config(config, container.FromEnv(strings.ToUpper(strings.ReplaceAll(key, "-", "_")))),
		container.As[iomanagers.IOManager](),
		iomanagers.Checks(iomanagers.CheckCodecs(codecs...)),
		iomanagers.StoredTogether(""),
		container.Describe("stores values as objects of a bucket"))
}

var (
	_ iomanagers.IOManager = (*Manager)(nil)
	_ iomanagers.Checker   = (*Manager)(nil)
	_ iomanagers.Staying   = (*Manager)(nil)
	_ iomanagers.Local     = (*Manager)(nil)
)
