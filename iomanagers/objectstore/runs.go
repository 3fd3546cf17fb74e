package objectstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"gocloud.dev/blob"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/bucket"
)

var _ iomanagers.RunPlace = place{}

// runKey is the key of the metadata of an object that has the run which stored it. The run is
// written as in a query of a URL, since stores take only some characters.
const runKey = "fxrun_run"

// CreateOf keeps the run in the metadata of the object, which come with it in one step. A folder
// keeps no metadata.
func (p place) CreateOf(ctx context.Context, name, runID string) (iomanagers.Draft, error) {
	return p.create(ctx, name, map[string]string{runKey: url.QueryEscape(runID)})
}

// OpenOf asks for the version of the object before and after it opens it. If both answers are the
// same, the opened object is of that version. It would be taken for another one only if one run
// stored the same bytes twice within a second, with those of another run between. What the drivers
// tell of an open object has no metadata.
func (p place) OpenOf(ctx context.Context, name, runID string) (iomanagers.Content, error) {
	before, err := p.attributes(ctx, name)
	if err != nil {
		return nil, err
	}
	opened, err := p.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := p.checkOpened(ctx, name, opened, before, runID); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

func (p place) checkOpened(ctx context.Context, name string, opened iomanagers.Content, before *blob.Attributes, runID string) error {
	if _, ok := opened.(fileContent); ok {
		return fmt.Errorf("telling who stored an object of a folder: %w", errors.ErrUnsupported)
	}
	after, err := p.attributes(ctx, name)
	switch {
	case err != nil:
		return err
	case runOf(before) != runID:
		return iomanagers.Replaced(runOf(before))
	case !sameVersion(before, after):
		return iomanagers.Replaced(runOf(after))
	}
	return nil
}

func (p place) attributes(ctx context.Context, name string) (*blob.Attributes, error) {
	attributes, err := p.bucket.Attributes(ctx, p.key(name))
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return attributes, err
}

func sameVersion(a, b *blob.Attributes) bool {
	return a.ETag == b.ETag && a.ModTime.Equal(b.ModTime) && a.Size == b.Size && bytes.Equal(a.MD5, b.MD5) && runOf(a) == runOf(b)
}

// runOf returns the run that stored an object, "" if the object does not say it.
func runOf(attributes *blob.Attributes) string {
	runID, err := url.QueryUnescape(attributes.Metadata[runKey])
	if err != nil {
		return ""
	}
	return runID
}
