package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"

	robfig "github.com/robfig/cron/v3"

	"github.com/fxrun/fxrun/internal/panics"
)

// Expression is a cron expression in a time zone. It is immutable. [Parse] makes one.
//
// An expression with certain hours, such as 30 2 * * *, has each of its local times once
// on each of its days. If the clock jumps over a time, the time is the moment of the
// jump. If a time exists twice, the second one counts. An expression for every hour,
// such as 30 * * * *, follows real time: on a day of 25 hours it has 25 times.
type Expression struct {
	text   string
	zone   *time.Location
	fields *robfig.SpecSchedule
}

// everyBit is what robfig/cron sets in a field that is a star.
const everyBit = 1 << 63

// allHours are the bits of all hours of a day.
const allHours = 1<<24 - 1

// allMinutes are the bits of all minutes of an hour.
const allMinutes = 1<<60 - 1

// Parse reads an expression with five fields (minute, hour, day of the month, month, day
// of the week), or one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly and
// @annually. Sunday is 0 or 7. A nil zone is UTC. An expression without any time, such as for the 30th of
// February, is an error.
func Parse(text string, zone *time.Location) (Expression, error) {
	if zone == nil {
		zone = time.UTC
	}
	fields, err := parse(text)
	if err != nil {
		return Expression{}, fmt.Errorf("reading the cron expression %q: %w", text, err)
	}
	e := Expression{text: strings.Join(strings.Fields(text), " "), zone: zone, fields: fields}
	if e.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return Expression{}, fmt.Errorf("reading the cron expression %q: no time of the calendar fits it", text)
	}
	return e, nil
}

func parse(text string) (*robfig.SpecSchedule, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return nil, errors.New("it is empty")
	case strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ="):
		return nil, errors.New("it names a time zone: the zone is an option of its own")
	case strings.HasPrefix(text, "@every"):
		return nil, errors.New("@every has no fixed times: give the minutes, as in */5 * * * *")
	}
	text, err := readable(text)
	if err != nil {
		return nil, err
	}
	var schedule robfig.Schedule
	err = panics.Guard(func() (err error) {
		schedule, err = robfig.ParseStandard(text)
		return err
	})
	if err != nil {
		return nil, err
	}
	fields, ok := schedule.(*robfig.SpecSchedule)
	if !ok {
		return nil, errors.New("it has no fixed times")
	}
	return fields, nil
}

// readable checks the fields of an expression, and writes it as robfig/cron reads it.
func readable(text string) (string, error) {
	if strings.HasPrefix(text, "@") {
		return text, nil
	}
	all := fields()
	texts := strings.Fields(text)
	if len(texts) != len(all) {
		return "", fmt.Errorf("it has %d fields, and not the five minute, hour, day of the month, month and day of the week", len(texts))
	}
	var faults []error
	for i, field := range all {
		items, err := field.items(texts[i])
		switch {
		case err != nil:
			faults = append(faults, err)
		case field.name == weekdays.name:
			texts[i] = inNumbers(items)
		}
	}
	return strings.Join(texts, " "), errors.Join(faults...)
}

// String returns the text of the expression, with single spaces.
func (e Expression) String() string { return e.text }

// Zone returns the time zone of the expression.
func (e Expression) Zone() *time.Location { return e.zone }

// isEveryHour reports whether the expression follows real time.
func (e Expression) isEveryHour() bool { return e.fields.Hour&allHours == allHours }

// hasDay reports whether the expression has times on a day. If both the day of the month
// and the day of the week are given, one of them must fit.
func (e Expression) hasDay(day date) bool {
	if e.fields.Month&(1<<uint(day.month)) == 0 {
		return false
	}
	ofMonth := e.fields.Dom&(1<<uint(day.day)) != 0
	ofWeek := e.fields.Dow&(1<<uint(day.weekday())) != 0
	if e.fields.Dom&everyBit != 0 || e.fields.Dow&everyBit != 0 {
		return ofMonth && ofWeek
	}
	return ofMonth || ofWeek
}
