package cli

import (
	"io"
	"reflect"
	"sync"
)

// Streams are the input and the outputs of a command.
type Streams struct {
	// In is the standard input. Only --config - reads it. A nil In is empty.
	In io.Reader
	// Out gets the results. If it is a terminal, tables have colours, and the
	// progress of a run is shown in place. If Out is nil, the results are
	// discarded. One call of Write ends before the next one begins. If Out and
	// Err are the same writer, this holds for both together.
	Out io.Writer
	// Err gets errors, warnings and notes. If Err is nil, they are discarded. One
	// call of Write ends before the next one begins.
	Err io.Writer
}

// filled returns the streams without nil, whose outputs can be written to from many
// goroutines: the log handler of a daemon writes beside the command.
func (s Streams) filled() Streams {
	if s.In == nil {
		s.In = eof{}
	}
	same := isSame(s.Out, s.Err)
	s.Out = oneByOne(s.Out)
	if same {
		s.Err = s.Out
	} else {
		s.Err = oneByOne(s.Err)
	}
	return s
}

// isSame reports whether two writers are one. A writer whose type cannot be compared
// is taken for another one.
func isSame(a, b io.Writer) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.ValueOf(a).Comparable() && a == b
}

// oneByOne returns a writer to w whose calls wait for each other. A file needs no such
// writer, and must stay one, since it can be a terminal.
func oneByOne(w io.Writer) io.Writer {
	switch w.(type) {
	case nil:
		return io.Discard
	case interface{ Fd() uintptr }:
		return w
	}
	return &serialWriter{to: w}
}

type serialWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (s *serialWriter) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(text)
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
