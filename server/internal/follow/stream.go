package follow

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	// silence is how long a stream may be silent; proxies close silent streams.
	silence = 15 * time.Second
	// slowest is how long a client may take for one message before it is dropped.
	slowest = 10 * time.Second
)

// Stream writes server-sent events to one client.
type Stream struct {
	control *http.ResponseController
	to      http.ResponseWriter
}

// Begin sets the header of a stream.
func Begin(w http.ResponseWriter) *Stream {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	return &Stream{control: http.NewResponseController(w), to: w}
}

// Write writes whole messages, and flushes them. It does nothing for an empty text.
func (s *Stream) Write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(slowest)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.to.Write(text); err != nil {
		return err
	}
	return s.control.Flush()
}

// errDropped is the error of a stream whose client is dropped.
var errDropped = errors.New("the client is too slow, or the server ends")

// Each calls send with each message of a follower, until send says that it was the last one.
// Meanwhile it keeps a silent stream alive. It returns an error if the follower is dropped, if
// ctx ends, or if the client is gone.
func Each[M any](ctx context.Context, s *Stream, messages <-chan M, send func(M) (last bool, err error)) error {
	for {
		select {
		case message, ok := <-messages:
			if !ok {
				return errDropped
			}
			if last, err := send(message); err != nil || last {
				return err
			}
		case <-time.After(silence):
			if err := s.Write([]byte(": still here\n\n")); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
