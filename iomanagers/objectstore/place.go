package objectstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"gocloud.dev/blob"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/bucket"
)

// place is a bucket as what a CodecManager keeps objects in.
type place struct {
	bucket *bucket.Bucket
	prefix string // "" or with a slash at its end
}

var _ iomanagers.Place = place{}

func (p place) Path(name string) string { return p.bucket.Path(p.key(name)) }

// key returns the object's key. Object stores take no more than 1024 bytes,
// some of which are the bucket's prefix and ours: what is longer than longest
// ends in a hash of the whole. No other name has a segment that begins with two
// tildes, and none has a dot before its extension.
func (p place) key(name string) string {
	if len(name) <= longest {
		return p.prefix + name
	}
	base, extension, _ := strings.Cut(name, ".")
	hash := sha256.Sum256([]byte(base))
	return p.prefix + strings.TrimRight(base[:kept], "/") + "/~~" + hex.EncodeToString(hash[:]) + "." + extension
}

const (
	longest = 700
	kept    = 500 // of a longer name, for people
)

func (p place) Create(ctx context.Context, name string) (iomanagers.Draft, error) {
	return p.create(ctx, name, nil)
}

func (p place) create(ctx context.Context, name string, metadata map[string]string) (iomanagers.Draft, error) {
	draft, err := p.bucket.Create(ctx, p.key(name), &blob.WriterOptions{ContentType: contentType(name), Metadata: metadata})
	if err != nil {
		return nil, err
	}
	return objectDraft{draft}, nil
}

// objectDraft is a draft whose errors are those of package iomanagers.
type objectDraft struct{ *bucket.Draft }

func (d objectDraft) Commit() error {
	err := d.Draft.Commit()
	if errors.Is(err, bucket.ErrUnknownOutcome) {
		return fmt.Errorf("%w: %w", iomanagers.ErrUnknownOutcome, err)
	}
	return err
}

// contentType is what a browser that looks into the bucket wants to know.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".json":
		return "application/json"
	case ".jsonl":
		return "application/jsonl"
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".parquet":
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}

func (p place) Open(ctx context.Context, name string) (iomanagers.Content, error) {
	reader, err := p.bucket.NewReader(ctx, p.key(name), nil)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	if err != nil {
		return nil, err
	}
	var source io.Reader
	if reader.As(&source) {
		if file, ok := source.(*os.File); ok {
			return newFileContent(reader, file)
		}
	}
	return &content{reader: reader}, nil
}

func (p place) Remove(ctx context.Context, names ...string) error {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = p.key(name)
	}
	return p.bucket.Remove(ctx, keys...)
}

var _ iomanagers.FolderPlace = place{}

// RemoveFolder lists the objects, and removes them page by page.
func (p place) RemoveFolder(ctx context.Context, name string) error {
	const page = 1000
	var keys []string
	for object, err := range p.bucket.List(ctx, p.prefix+name+"/") {
		if err != nil {
			return err
		}
		if keys = append(keys, object.Key); len(keys) == page {
			if err := p.bucket.Remove(ctx, keys...); err != nil {
				return err
			}
			keys = keys[:0]
		}
	}
	return p.bucket.Remove(ctx, keys...)
}
