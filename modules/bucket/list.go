package bucket

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"slices"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

// List yields the objects whose key begins with prefix, sorted by key. An error
// ends the sequence, and is yielded with a nil object. If an object is written or
// deleted at the same time, it may be in the sequence or not.
//
// For folders below a prefix ("directories") use ListPage with a Delimiter.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[*blob.ListObject, error] {
	return func(yield func(*blob.ListObject, error) bool) {
		for page := blob.FirstPageToken; page != nil; {
			var objects []*blob.ListObject
			var err error
			objects, page, err = b.listPage(ctx, page, prefix)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, object := range objects {
				if b.isFolder() && temporary.MatchString(object.Key) {
					continue
				}
				if !yield(object, nil) {
					return
				}
			}
		}
	}
}

// temporary is how the driver for folders names a file until it is whole.
var temporary = regexp.MustCompile(`\.[0-9a-f]{16}\.tmp$`)

const pageSize = 1000

// listPage asks once more where a file of a folder vanished while it was
// looked at, as each temporary file does when it gets its name.
func (b *Bucket) listPage(ctx context.Context, page []byte, prefix string) (objects []*blob.ListObject, next []byte, err error) {
	for {
		objects, next, err = b.ListPage(ctx, page, pageSize, &blob.ListOptions{Prefix: prefix})
		if !b.isFolder() || !errors.Is(err, ErrNotFound) || ctx.Err() != nil {
			return objects, next, err
		}
	}
}

// Remove deletes those of the objects that exist. The others are no error, as
// they are for Delete. In a cloud it asks once which of them there are: keys
// with a long beginning in common are best.
func (b *Bucket) Remove(ctx context.Context, keys ...string) error {
	if len(keys) > 1 && !b.isFolder() && !b.isMemory() {
		var there []string
		for object, err := range b.List(ctx, commonPrefix(keys)) {
			if err != nil {
				return err
			}
			if slices.Contains(keys, object.Key) {
				there = append(there, object.Key)
			}
		}
		keys = there
	}
	for _, key := range keys {
		if err := b.Delete(ctx, key); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

func (b *Bucket) isMemory() bool { return strings.HasPrefix(b.where, memblob.Scheme+"://") }

func commonPrefix(keys []string) string {
	prefix := keys[0]
	for _, key := range keys[1:] {
		for !strings.HasPrefix(key, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return strings.ToValidUTF8(prefix, "")
}
