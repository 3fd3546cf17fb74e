// Package objectstore is an IO manager that keeps values as objects of a
// bucket: in a cloud's object store, a folder or memory.
//
//	container.Provide("lake", bucket.New, container.Config(bucket.Config{URL: "s3://my-bucket?region=eu-central-1"}))
//	objectstore.Objects("io_manager", objectstore.Config{Prefix: "assets"})
//
// The bucket is a resource of its own (package modules/bucket), which assets
// may use too. How values become bytes is the same as for files:
// [iomanagers.CodecManager] tells.
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
	// Prefix is the folder within the bucket that the values are kept under; ""
	// means the bucket as a whole. Managers that share a bucket want one each.
	Prefix string `json:"prefix" desc:"folder within the bucket that the values are kept under"`
}

// Validate reports what is wrong with the config.
func (c Config) Validate() error {
	if strings.HasPrefix(c.Prefix, "/") || strings.Contains("/"+c.Prefix+"/", "/../") || strings.Contains(c.Prefix, "//") {
		return fmt.Errorf("prefix: %q isn't names with slashes between them", c.Prefix)
	}
	return nil
}

// Manager is an [iomanagers.CodecManager] that keeps one object for each value
// in a bucket.
//
// The object of asset raw/orders, stored as CSV, is raw/orders.csv behind the
// prefix, its partition 2026-01-02 is raw/orders/partition=2026-01-02.csv. A
// name of more than 700 bytes, which object stores may not take, ends in a hash.
//
// An object is stored whole or not at all, and streams go to and from the
// bucket in bounded memory, without a file in between. Only what must be read
// at any offset, as Parquet must, is copied first: into memory up to 4 MiB,
// else into a temporary file. A folder's files are read where they are.
// Turning to the bucket for each part would mix two values where a new one is
// stored meanwhile.
//
// Safe for concurrent use, and for several processes on one bucket, as long as
// two of them don't store one asset and partition in two formats at once.
type Manager struct{ *iomanagers.CodecManager }

// New returns a manager of values in b, which stays the caller's. The codecs are
// as for [iomanagers.NewCodecManager]. The bucket isn't touched, and need not
// have started.
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
	return &Manager{values}, nil
}

// Objects makes a [Manager] the resource called key, which assets name by
// assets.IO; the key "io_manager" is their default. It takes the bucket from
// the container by its type, *bucket.Bucket; where there are several, write the
// constructor with a name tag instead, around [New]. codecs are as for New.
//
// Its config has one field, prefix, that a launch may set, as may the
// environment variable KEY_PREFIX, in upper case: IO_MANAGER_PREFIX.
func Objects(key string, config Config, codecs ...iomanagers.Codec) container.Resource {
	return container.Provide(key,
		func(cfg Config, b *bucket.Bucket) (*Manager, error) { return New(b, cfg, codecs...) },
		container.Config(config, container.FromEnv(strings.ToUpper(strings.ReplaceAll(key, "-", "_")))),
		container.As[iomanagers.IOManager](),
		container.Static(iomanagers.CheckCodecs(codecs...)),
		container.Describe("stores values as objects of a bucket"))
}

var (
	_ iomanagers.IOManager = (*Manager)(nil)
	_ iomanagers.Checker   = (*Manager)(nil)
)
