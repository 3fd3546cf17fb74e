package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// frameEvery is the time between two repaints.
const frameEvery = 100 * time.Millisecond

// painter shows a run on a terminal: the board, which is repainted in place, and
// the logged lines above it.
type painter struct {
	out     io.Writer
	screen  screen
	look    lookAt
	verbose bool

	mu      sync.Mutex
	board   *board
	above   []string // lines that the next frame writes above the board
	painted int      // the number of lines of the board on the terminal
	ended   bool

	quit chan struct{}
	done chan struct{}
}

// newPainter starts to paint. The caller must call end or abandon.
func newPainter(out io.Writer, screen screen, look lookAt, verbose bool, attempts attempts) *painter {
	p := &painter{
		out: out, screen: screen, look: look, verbose: verbose, board: newBoard(attempts),
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	go p.loop()
	return p
}

func (p *painter) loop() {
	defer close(p.done)
	ticker := time.NewTicker(frameEvery)
	defer ticker.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-ticker.C:
			p.mu.Lock()
			p.paint()
			p.mu.Unlock()
		}
	}
}

func (p *painter) event(event history.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.board.apply(event)
	if log, ok := event.Data.(history.LogWritten); ok {
		if line := logLine(log); !line.debug || p.verbose {
			p.above = append(p.above, p.screen.in(line.colour, line.text))
		}
	}
}

func (p *painter) note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.above = append(p.above, p.screen.in(yellow, text))
	if !p.ended {
		p.paint()
	}
}

// paint writes one frame over the last one, with a single write.
func (p *painter) paint() {
	if p.board.record.ID == "" {
		return
	}
	width, height := p.screen.size()
	lines := p.board.frame(time.Now(), width-1, height, p.screen)
	var text strings.Builder
	p.erase(&text)
	text.WriteString("\x1b[?25l")
	for _, line := range append(p.above, lines...) {
		text.WriteString(line + "\x1b[K\n")
	}
	text.WriteString("\x1b[J")
	p.above, p.painted = nil, len(lines)
	_, _ = io.WriteString(p.out, text.String())
}

// erase moves the cursor to the beginning of the board and erases the board.
func (p *painter) erase(text *strings.Builder) {
	text.WriteString("\r")
	if p.painted > 0 {
		fmt.Fprintf(text, "\x1b[%dA", p.painted)
	}
}

// stop ends the painting and restores the terminal. If keep is true, the last frame
// stays visible.
func (p *painter) stop(keep bool) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	p.ended = true
	close(p.quit)
	p.mu.Unlock()
	<-p.done
	var text strings.Builder
	if keep {
		text.WriteString("\n") // the terminal has echoed the second Ctrl-C on this line
	} else {
		p.erase(&text)
		for _, line := range p.above {
			text.WriteString(line + "\x1b[K\n")
		}
		text.WriteString("\x1b[J")
	}
	text.WriteString("\x1b[?25h")
	_, _ = io.WriteString(p.out, text.String())
}

func (p *painter) end() history.Record {
	p.stop(false)
	writeSummary(p.out, p.screen, p.board.record, why(p.board.record), p.board.values, p.look)
	return p.board.record
}

func (p *painter) abandon() { p.stop(true) }
