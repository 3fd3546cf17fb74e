// Package bucket is a bucket of an object store as a resource. A bucket may be a
// folder, the memory of the process, Amazon S3 or a service with the same
// protocol, Google Cloud Storage, or Azure Blob Storage. A URL in the config says
// which one it is, so a program that works with a folder also works with S3.
//
// The package uses gocloud.dev/blob. Folders and memory are built in. A program
// that uses a cloud imports the driver of this cloud, because other programs
// should not have its dependencies:
//
//	import _ "gocloud.dev/blob/s3blob"    // s3://my-bucket?region=eu-central-1
//	import _ "gocloud.dev/blob/gcsblob"   // gs://my-bucket
//	import _ "gocloud.dev/blob/azureblob" // azblob://my-container
//
// The drivers find credentials in the same places as the tools of their cloud:
// environment variables, files in the home folder, the identity of the machine.
//
// The package is a Go module of its own, because gocloud.dev has many dependencies.
//
// The URL says where the objects are, so they stay between runs. The exception is
// mem://, which is empty at each start of the resource. Let it live as long as the
// process, with container.PerProcess.
package bucket

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"go.uber.org/fx"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

// ErrNotFound matches the error of reading, describing or deleting an object
// that does not exist.
var ErrNotFound = gcerrors.ErrNotFound

// ErrUnknownOutcome is matched by the error of a write to an object store that was asked to
// take the whole object, and did not answer. A read finds out what is stored.
var ErrUnknownOutcome = errors.New("it is not known whether the object is stored")

// Bucket is a gocloud.dev bucket with the lifetime of the resource that made
// it: NewReader, NewRangeReader, ReadAll, Attributes, Exists, Delete, Copy,
// SignedURL and the rest are its own. Added are [Bucket.Write] and
// [Bucket.Create], which write whole objects or none, [Bucket.Remove] and
// [Bucket.Path]; [Bucket.List] and [Bucket.WriteAll] take the place of its own. In a
// folder, symbolic links that lead out of it are refused with [ErrOutside].
//
// The embedded bucket is nil until the resource has started. In plain Fx, use it
// in OnStart hooks and later, not in a constructor. After the stop every call
// returns an error. Code that gets a Bucket as a parameter must not close it. It is
// safe for concurrent use.
type Bucket struct {
	*blob.Bucket

	folder folder
	swept  *sync.Map // the folders that were looked through for leftovers, once each
	where  string    // what a key is put behind, for people
	config Config
}

func (b *Bucket) isFolder() bool { return b.folder.path != "" }

// Path returns the place of an object, for people to read. For a folder it is a
// path, which is relative if it leads into the working directory. Otherwise it is
// a URL without parameters. The object need not exist.
func (b *Bucket) Path(key string) string {
	if b.isFolder() {
		return filepath.Join(b.where, filepath.FromSlash(key))
	}
	return b.where + key
}

// StaysInProcess returns why another process cannot load the objects, as [Config] says it.
func (b *Bucket) StaysInProcess() string { return b.config.StaysInProcess() }

// StaysOnMachine returns why another machine cannot load the objects, as [Config] says it.
func (b *Bucket) StaysOnMachine() string { return b.config.StaysOnMachine() }

// New returns the bucket of cfg. It is opened when lc starts and closed when lc
// stops. New itself opens nothing. Its error is that of [Config.Validate].
//
// The start makes the folder of a file URL. For an object store, it asks whether
// the bucket exists and may be listed. If not, the start fails.
func New(lc fx.Lifecycle, cfg Config) (*Bucket, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring a bucket: %w", err)
	}
	bucket := &Bucket{config: cfg}
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error { return bucket.start(ctx, cfg) },
		bucket.stop,
	))
	return bucket, nil
}

// NewMemory returns a bucket in memory. It is open and empty, and need not be
// stopped. It is a fake for tests, for fx.Replace or container.Supply.
func NewMemory() *Bucket {
	return &Bucket{Bucket: memblob.OpenBucket(nil), where: "mem://", config: Config{URL: "mem://"}}
}

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
	if b.isFolder() {
		// Listing takes a file that vanishes meanwhile for a missing bucket.
		return b.As(new(os.FileInfo)), ctx.Err()
	}
	return b.IsAccessible(ctx)
}
