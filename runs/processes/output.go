package processes

import (
	"bufio"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxLine is how long a line of output may be; a longer one is several lines.
	maxLine = 8 << 10
	// maxLogged is how many lines of a process become log lines when they are written.
	// Of those after them, only the last ones do.
	maxLogged = 1000
	// keptLines is how many of the last lines are kept for the error of a process.
	keptLines = 20
	// maxCrash is how much is kept of what the Go runtime writes of a crash.
	maxCrash = 16 << 10
	// outputWait is how long the output of a process is read after its end, when other
	// processes still have it.
	outputWait = time.Second
)

// output is what a process writes to its standard output and standard error.
type output struct {
	log func(stream, line string) // records a line

	mu     sync.Mutex
	logged int
	last   []outputLine // not more than keptLines
	left   int          // how many lines were not logged
	crash  strings.Builder

	readers sync.WaitGroup
	files   []*os.File
}

type outputLine struct {
	stream, text string
	logged       bool
}

// read takes the lines of a stream until its end.
func (o *output) read(stream string, from *os.File) {
	o.files = append(o.files, from)
	o.readers.Go(func() {
		defer func() { _ = from.Close() }()
		lines := bufio.NewReaderSize(from, maxLine)
		for {
			line, err := lines.ReadSlice('\n')
			if len(line) > 0 {
				o.take(stream, strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD"))
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return
			}
		}
	})
}

func (o *output) take(stream, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	line := outputLine{stream: stream, text: text, logged: o.logged < maxLogged}
	if o.crash.Len() > 0 || stream == "stderr" && beginsCrash(text) {
		if o.crash.Len() < maxCrash {
			o.crash.WriteString(text + "\n")
		}
	}
	if len(o.last) == keptLines {
		if !o.last[0].logged {
			o.left++
		}
		o.last = slices.Delete(o.last, 0, 1)
	}
	o.last = append(o.last, line)
	if line.logged {
		o.logged++
		o.log(stream, text)
	}
}

// beginsCrash reports whether the Go runtime writes this line first when it ends a
// process.
func beginsCrash(line string) bool {
	return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "runtime: ") ||
		strings.HasPrefix(line, "SIG") && strings.Contains(line, ": ")
}

// end waits until everything is read, and logs the last lines.
func (o *output) end() {
	deadline := time.Now().Add(outputWait)
	for _, file := range o.files {
		_ = file.SetReadDeadline(deadline)
	}
	o.readers.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left > 0 {
		o.log("", "the output goes on, and not all of it is recorded: the last lines follow")
	}
	for _, line := range o.last {
		if !line.logged {
			o.log(line.stream, line.text)
		}
	}
}

// told returns the last lines for the text of an error, and of a crash its first line.
// stack is the rest of what the Go runtime has written of the crash.
func (o *output) told() (lines []string, stack string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.crash.Len() > 0 {
		crash := o.crash.String()
		first, _, _ := strings.Cut(crash, "\n")
		return []string{first}, crash
	}
	for _, line := range o.last {
		lines = append(lines, line.text)
	}
	return lines, ""
}
