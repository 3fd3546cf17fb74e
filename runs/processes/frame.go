package processes

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// A frame is a line of JSON. It has exactly one field of order, or of report.

const (
	// maxReport is the largest frame that a process may send, in bytes.
	maxReport = 8 << 20
	// maxOrder is the largest frame that a process reads.
	maxOrder = 256 << 20
)

// order is what a process is told. The first one is a task.
type order struct {
	Task   *task   `json:"task,omitempty"`
	Drain  *drain  `json:"drain,omitempty"`
	Cancel *cancel `json:"cancel,omitempty"`
	// Recorded answers a report.
	Recorded *recorded `json:"recorded,omitempty"`
}

// task is what a process is to execute: a step, or a run if the request names no step.
type task struct {
	Request runs.StepRequest `json:"request"`
	// Secrets are those of the request, which its JSON leaves out.
	Secrets     json.RawMessage `json:"secrets,omitempty"`
	MaxParallel int             `json:"max_parallel,omitempty"`
	Grace       time.Duration   `json:"grace_ns"`
}

// recorded says that the event of a report is in the history.
type recorded struct {
	Number int `json:"number"`
	// Refused says why it is not; "" if it is.
	Refused string `json:"refused,omitempty"`
}

// drain says that no more steps begin.
type drain struct{}

// cancel says that the work ends, and why.
type cancel struct {
	Cause string `json:"cause"`
	// Cancelled says that the cause matches runs.ErrCancelled.
	Cancelled bool `json:"cancelled,omitempty"`
}

// report is what a process tells. The last one says that it has ended.
type report struct {
	Event *history.Event `json:"event,omitempty"`
	// Number asks for a confirmation that the event is recorded. 0 asks for none.
	Number int    `json:"number,omitempty"`
	Ended  *ended `json:"ended,omitempty"`
}

// ended says that everything is stopped.
type ended struct {
	// Error is what went wrong; zero if nothing did.
	Error history.Failure `json:"error,omitzero"`
}

// errTooLong is the error of a frame that is longer than allowed.
var errTooLong = errors.New("a frame that is too long")

// readLine reads a line without its end, of at most limit bytes. At the end of the
// input the error is io.EOF, and in the middle of a line io.ErrUnexpectedEOF.
func readLine(from *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		if len(line)+len(part) > limit {
			return nil, fmt.Errorf("%w: more than %d bytes", errTooLong, limit)
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// readReport reads the next frame of a process.
func readReport(from *bufio.Reader) (report, error) {
	var frame report
	line, err := readLine(from, maxReport)
	switch {
	case errors.Is(err, io.EOF):
		return frame, io.EOF
	case errors.Is(err, io.ErrUnexpectedEOF):
		return frame, errors.New("a frame without an end")
	case err != nil:
		return frame, err
	}
	if err := json.Unmarshal(line, &frame); err != nil || (frame.Event == nil) == (frame.Ended == nil) {
		return frame, fmt.Errorf("%d bytes that are no frame, beginning with %.40q", len(line), line)
	}
	return frame, nil
}

// frameWriter writes frames. It is safe for concurrent use.
type frameWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *frameWriter) write(frame any) error {
	line, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err = w.to.Write(append(line, '\n'))
	return err
}
