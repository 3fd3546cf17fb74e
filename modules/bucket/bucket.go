// Package bucket is a bucket of an object store as a resource: a folder, the
// process's memory, Amazon S3 and what speaks its protocol, Google Cloud
// Storage, Azure Blob Storage. Which of them is a URL in the config, so that a
// program that works on a folder works on S3.
//
// It stands on gocloud.dev/blob. Folders and memory are built in; a program
// that uses a cloud imports its driver, whose tree of dependencies others don't
// want:
//
//	import _ "gocloud.dev/blob/s3blob"    // s3://my-bucket?region=eu-central-1
//	import _ "gocloud.dev/blob/gcsblob"   // gs://my-bucket
//	import _ "gocloud.dev/blob/azureblob" // azblob://my-container
//
// The drivers find credentials where their cloud's own tools do: variables
// of the environment, files in the home folder, the machine's identity.
//
// What a bucket keeps between runs depends on its URL alone, but for mem://,
// which begins empty with each start of the resource: give it the lifetime of
// the process by container.PerProcess.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/fx"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

// ErrNotFound matches the error of reading, describing or deleting an object
// that isn't there.
var ErrNotFound = gcerrors.ErrNotFound

// Bucket is a gocloud.dev bucket with the lifetime of the resource that made
// it: NewReader, NewRangeReader, ReadAll, Attributes, Exists, Delete, Copy,
// SignedURL and the rest are its own. Added are [Bucket.Write] and
// [Bucket.Create], which write whole objects or none, [Bucket.Remove] and
// [Bucket.Path]; [Bucket.List] and [Bucket.WriteAll] take the place of its own.
//
// The embedded bucket is nil until the resource has started: under plain Fx use
// it from OnStart hooks and later, not from a constructor. After the stop every
// call is an error. Whoever receives a Bucket must not close it. It is safe for
// concurrent use.
type Bucket struct {
	*blob.Bucket

	isFolder bool
	where    string // what a key is put behind, for people
}

// Path returns where an object lies, for people to read: a path in a folder,
// from the working folder if it leads into that, else a URL without parameters. There need not be such an object.
func (b *Bucket) Path(key string) string {
	if b.isFolder {
		return filepath.Join(b.where, filepath.FromSlash(key))
	}
	return b.where + key
}

// New returns the bucket of cfg, opened when lc starts and closed when lc
// stops. It touches nothing itself; its error is that of [Config.Validate].
//
// The start makes the folder of a file URL, and asks an object store whether
// the bucket is there and may be listed, which fails the start if not.
func New(lc fx.Lifecycle, cfg Config) (*Bucket, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring a bucket: %w", err)
	}
	bucket := &Bucket{}
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error { return bucket.start(ctx, cfg) },
		bucket.stop,
	))
	return bucket, nil
}

// NewMemory returns a bucket in memory, open and empty, that needs no stop: a
// fake for tests, by fx.Replace or container.Supply.
func NewMemory() *Bucket { return &Bucket{Bucket: memblob.OpenBucket(nil), where: "mem://"} }

func (b *Bucket) start(ctx context.Context, cfg Config) error {
	opened, err := open(ctx, cfg)
	if err != nil {
		return fmt.Errorf("opening the bucket %s: %w", cfg.URL, err)
	}
	if err := Ping(ctx, opened); err != nil {
		return errors.Join(fmt.Errorf("opening the bucket %s: %w", cfg.URL, err), opened.Close())
	}
	*b = *opened
	return nil
}

func (b *Bucket) stop() error {
	if err := b.Close(); err != nil {
		return fmt.Errorf("closing the bucket: %w", err)
	}
	return nil
}

// Ping checks that the bucket is there and may be listed. It has the shape of a
// health check of a resource: container.Health(bucket.Ping).
func Ping(ctx context.Context, b *Bucket) error {
	there, err := b.isThere(ctx)
	if err != nil {
		return fmt.Errorf("listing the bucket: %w", err)
	}
	if !there {
		return errors.New("listing the bucket: there is no such bucket")
	}
	return nil
}

func (b *Bucket) isThere(ctx context.Context) (bool, error) {
	if b.isFolder {
		// Listing takes a file that vanishes meanwhile for a missing bucket.
		return b.As(new(os.FileInfo)), ctx.Err()
	}
	return b.IsAccessible(ctx)
}
