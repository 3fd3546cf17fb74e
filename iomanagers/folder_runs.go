package iomanagers

import (
	"context"
	"errors"
)

var _ RunPlace = (*folder)(nil)

// CreateOf marks the file with the run before anything is written to it. So the file takes its
// name together with the mark.
func (f *folder) CreateOf(ctx context.Context, name, runID string) (Draft, error) {
	draft, err := f.Create(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := markRun(draft.(*fileDraft).file, runID); err != nil {
		return nil, errors.Join(err, draft.Abort())
	}
	return draft, nil
}

// OpenOf looks at the mark of the open file, which stays the same file whoever takes its name.
func (f *folder) OpenOf(ctx context.Context, name, runID string) (Content, error) {
	content, err := f.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	marked, err := runMark(content.(*fileContent).file)
	if err == nil && marked != runID {
		err = Replaced(marked)
	}
	if err != nil {
		return nil, errors.Join(err, content.Close())
	}
	return content, nil
}
