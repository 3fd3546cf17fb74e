package processes

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxLine is how long a line of output may be; a longer one is several lines.
	maxLine = 8 << 10
	// maxLogged is how many lines of a stream become log lines when they are written.
	// Of those after them, only the last ones do.
	maxLogged = 1000
	// keptLines is how many of the last lines of a stream are kept for the error of a
	// process.
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

	mu      sync.Mutex
	streams []*stream
	crash   strings.Builder

	readers sync.WaitGroup
	files   []*os.File
}

// stream is one of the two outputs. A busy one does not push out the lines of the other.
type stream struct {
	name   string
	logged int
	last   []outputLine // not more than keptLines
	left   int          // how many lines were not logged
}

type outputLine struct {
	text   string
	logged bool
}

// read takes the lines of a stream until its end.
func (o *output) read(name string, from *os.File) {
	of := &stream{name: name}
	o.files, o.streams = append(o.files, from), append(o.streams, of)
	o.readers.Go(func() {
		defer func() { _ = from.Close() }()
		lines := bufio.NewReaderSize(from, maxLine)
		for {
			line, err := lines.ReadSlice('\n')
			if len(line) > 0 {
				o.take(of, strings.ToValidUTF8(strings.TrimRight(string(line), "\r\n"), "\uFFFD"))
			}
			if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return
			}
		}
	})
}

func (o *output) take(of *stream, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	line := outputLine{text: text, logged: of.logged < maxLogged}
	if of.name == "stderr" && (o.crash.Len() > 0 || beginsCrash(text)) {
		if o.crash.Len() < maxCrash {
			o.crash.WriteString(text + "\n")
		}
	}
	if len(of.last) == keptLines {
		if !of.last[0].logged {
			of.left++
		}
		of.last = slices.Delete(of.last, 0, 1)
	}
	of.last = append(of.last, line)
	if line.logged {
		of.logged++
		o.log(of.name, text)
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
	for _, of := range o.streams {
		if of.left > 0 {
			o.log(of.name, fmt.Sprintf("%d more lines were written here that are not recorded: the last ones follow", of.left))
		}
		for _, line := range of.last {
			if !line.logged {
				o.log(of.name, line.text)
			}
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
	for _, of := range o.streams {
		for _, line := range of.last {
			lines = append(lines, line.text)
		}
	}
	return lines, ""
}
