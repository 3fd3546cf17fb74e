package cli_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

// terminal understands as much as a painter says: text, new lines, the cursor
// going up, and erasing after the cursor.
type terminal struct {
	lines       [][]rune
	row, column int
	hidden      bool
}

var sequence = regexp.MustCompile("^\x1b\\[(\\??[0-9]*)([A-Za-z])")

func (t *terminal) Write(text []byte) (int, error) {
	for rest := string(text); rest != ""; {
		if found := sequence.FindStringSubmatch(rest); found != nil {
			t.control(found[1], found[2])
			rest = rest[len(found[0]):]
			continue
		}
		letter, size := utf8.DecodeRuneInString(rest)
		t.put(letter)
		rest = rest[size:]
	}
	return len(text), nil
}

func (t *terminal) control(number, what string) {
	switch what {
	case "A":
		up, _ := strconv.Atoi(number)
		t.row -= up
	case "K":
		t.line()
		t.lines[t.row] = t.lines[t.row][:t.column]
	case "J":
		t.line()
		t.lines[t.row] = t.lines[t.row][:t.column]
		t.lines = t.lines[:t.row+1]
	case "l", "h":
		t.hidden = what == "l"
	}
}

// line makes the line that the cursor is in reach up to it.
func (t *terminal) line() {
	for len(t.lines) <= t.row {
		t.lines = append(t.lines, nil)
	}
	for len(t.lines[t.row]) < t.column {
		t.lines[t.row] = append(t.lines[t.row], ' ')
	}
}

func (t *terminal) put(letter rune) {
	switch letter {
	case '\n':
		t.row, t.column = t.row+1, 0
	case '\r':
		t.column = 0
	default:
		t.line()
		t.lines[t.row] = append(t.lines[t.row][:t.column], append([]rune{letter}, t.lines[t.row][min(t.column+1, len(t.lines[t.row])):]...)...)
		t.column++
	}
}

func (t *terminal) text() string {
	var text strings.Builder
	for _, line := range t.lines {
		text.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	return strings.TrimRight(text.String(), "\n") + "\n"
}

func TestPainter(t *testing.T) {
	t.Parallel()
	events := log(
		history.RunQueued{Job: "nightly", Steps: []string{"raw/orders", "revenue"}},
		history.RunStarting{},
		history.RunStarted{},
		history.StepStarted{Step: "raw/orders", Attempt: 1},
		history.LogWritten{Step: "raw/orders", Message: "fetched"},
		history.LogWritten{Step: "raw/orders", Message: "not for all", Level: -4},
		history.AssetMaterialized{Asset: "raw/orders", Step: "raw/orders", Size: 65, Metadata: history.Values{"rows": 3}},
		history.StepSucceeded{Step: "raw/orders", Duration: time.Second},
		history.RunFinished{Status: history.StatusCancelled, Duration: 9 * time.Second, Error: history.Failure{Message: "cancelled: by the caller"}},
	)
	t.Run("lines stay above the board, and the summary takes its place", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(epoch)) // the clock that the frames are drawn by
			screen := new(terminal)
			painter := cli.NewPainter(screen)
			for i, event := range events[:7] {
				painter.Event(event)
				time.Sleep(time.Second)
				synctest.Wait()
				if i == 6 {
					painter.Note("cancelling")
				}
			}
			if !screen.hidden {
				t.Error("the cursor is shown while painting")
			}
			goldenExact(t, "painter-running", screen.text())
			painter.Event(events[7])
			painter.Event(events[8])
			record := painter.End()
			painter.Abandon()
			goldenExact(t, "painter-ended", screen.text())
			if screen.hidden || record.Status != history.StatusCancelled {
				t.Errorf("the cursor is hidden: %v, the record is %v", screen.hidden, record.Status)
			}
		})
	})
	t.Run("an abandoned run leaves the last frame", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(epoch))
			screen := new(terminal)
			painter := cli.NewPainter(screen)
			painter.Event(events[0])
			time.Sleep(time.Second)
			painter.Abandon()
			if screen.hidden || !strings.Contains(screen.text(), "raw/orders") {
				t.Errorf("the cursor is hidden: %v, the screen holds\n%s", screen.hidden, screen.text())
			}
		})
	})
}
