package report

import (
	"fmt"
	"math"
	"time"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

// monthCard is the card of one month. Its picture has a hundred squares, of
// which as many are marked as flights in a hundred are late.
type monthCard struct {
	Name, Flights, MeanDelay, ShareLate string
	Squares                             []square
}

// square is one square of a card, in the SVG's units.
type square struct {
	X, Y int
	Late bool
}

// The squares of a card: columns by rows, and from one to the next.
const (
	squareColumns = 20
	squareRows    = 5
	squareStep    = 12
)

func newMonthCards(rows []delays.MonthDelay) []monthCard {
	cards := make([]monthCard, len(rows))
	for i, row := range rows {
		name, _ := monthName(row.Month) // checked before
		cards[i] = monthCard{
			Name:      name,
			Flights:   flightCount(row.Flights),
			MeanDelay: minutes(row.MeanDelayMinutes),
			ShareLate: percent(row.ShareLate),
			Squares:   newSquares(row.ShareLate),
		}
	}
	return cards
}

// newSquares fills column after column, so that the marked ones form a block
// at the left.
func newSquares(share float64) []square {
	const all = squareColumns * squareRows
	squares := make([]square, all)
	late := int(math.Round(share * all))
	for i := range squares {
		squares[i] = square{
			X:    i / squareRows * squareStep,
			Y:    i % squareRows * squareStep,
			Late: i < late,
		}
	}
	return squares
}

// period names the time from the earliest to the latest month.
func period(rows []delays.MonthDelay) string {
	if len(rows) == 0 {
		return ""
	}
	first, last := rows[0].Month, rows[0].Month
	for _, row := range rows {
		first, last = min(first, row.Month), max(last, row.Month)
	}
	from, _ := monthName(first)
	to, _ := monthName(last)
	switch {
	case first == last:
		return from
	case first[:4] == last[:4]:
		return from[:len(from)-len(" 2006")] + " to " + to
	}
	return from + " to " + to
}

// monthName turns "2001-01" into "January 2001".
func monthName(month string) (string, error) {
	t, err := time.Parse(delays.MonthLayout, month)
	if err != nil {
		return "", fmt.Errorf("month %q is not like 2001-01", month)
	}
	return t.Format("January 2006"), nil
}
