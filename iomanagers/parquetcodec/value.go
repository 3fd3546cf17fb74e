package parquetcodec

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/fxrun/fxrun/iomanagers"
)

// valueOf returns how the values of the leaf n become values of its column. The values share
// the memory of bytes with the rows.
func valueOf(n *node) func(p place) (parquet.Value, error) {
	t := n.typ
	switch {
	case t == timeType:
		return timeValue(n.tag)
	case t.Kind() == reflect.String:
		return func(p place) (parquet.Value, error) {
			text := p.text()
			if !utf8.ValidString(text) {
				return parquet.Value{}, fmt.Errorf("is the text %q, which is not UTF-8, as texts in Parquet are: make the field a []byte", brief(text))
			}
			return textValue(text), nil
		}
	case t.Kind() == reflect.Slice:
		return func(p place) (parquet.Value, error) { return parquet.ByteArrayValue(p.bytes()), nil }
	case t.Kind() == reflect.Array:
		size := t.Len()
		return func(p place) (parquet.Value, error) { return parquet.FixedLenByteArrayValue(p.array(size)), nil }
	case n.tag.decimal != nil:
		return decimalValue(n)
	}
	return number(t.Kind())
}

// brief cuts text for a message.
func brief(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

func decimalValue(n *node) func(p place) (parquet.Value, error) {
	of, limit := number(n.typ.Kind()), int64(1)
	for range n.tag.decimal.precision {
		limit *= 10
	}
	narrow := n.typ.Kind() == reflect.Int32
	return func(p place) (parquet.Value, error) {
		v, _ := of(p)
		count := v.Int64()
		if narrow {
			count = int64(v.Int32())
		}
		if count >= limit || count <= -limit {
			return v, fmt.Errorf("is %d, which has more than the %d digits of its tag", count, n.tag.decimal.precision)
		}
		return v, nil
	}
}

// Times that a count of nanoseconds reaches in 64 bits, in whole years, and those of years with
// four digits, which other programs read.
var (
	earliestNano = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	latestNano   = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
	earliest     = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest       = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
)

const (
	secondsOfDay   = 24 * 60 * 60
	zeroTimeAsNull = "to keep the zero time as null, make the field a pointer, or give it the tag `parquet:\",optional\"`"
	tagForFarTimes = "the tag `timestamp(microsecond)` reaches the years 1 to 9999"
	reachOfNanos   = "times in Parquet reach from 1678 to 2261 in nanoseconds"
	reachOfTheRest = "times in Parquet reach from the year 1 to 9999"
)

func timeValue(t tag) func(p place) (parquet.Value, error) {
	if t.date {
		return dateValue
	}
	unit := t.unit
	if unit == 0 {
		unit = time.Nanosecond
	}
	from, to := earliest, latest
	if unit == time.Nanosecond {
		from, to = earliestNano, latestNano
	}
	first, last, perSecond := from.Unix(), to.Unix(), int64(time.Second/unit)
	return func(p place) (parquet.Value, error) {
		at := p.time()
		seconds, nanos := at.Unix(), int64(at.Nanosecond())
		if seconds < first || seconds >= last {
			return parquet.Value{}, outOfReach(at, unit)
		}
		if nanos%int64(unit) != 0 {
			return parquet.Value{}, fmt.Errorf("is %s, and its tag keeps multiples of %v only: truncate the time, or write the tag `timestamp(nanosecond)`", at.Format(time.RFC3339Nano), unit)
		}
		if t.local {
			if _, offset := at.Zone(); offset != 0 {
				return parquet.Value{}, fmt.Errorf("is %s, and a local time is stored without its zone: give it in UTC", at.Format(time.RFC3339Nano))
			}
		}
		return parquet.Int64Value(seconds*perSecond + nanos/int64(unit)), nil
	}
}

func outOfReach(at time.Time, unit time.Duration) error {
	when := at.Format(time.RFC3339)
	switch {
	case unit != time.Nanosecond:
		return fmt.Errorf("is %s, and %s", when, reachOfTheRest)
	case at.IsZero():
		return fmt.Errorf("is %s, and %s: %s; %s", when, reachOfNanos, zeroTimeAsNull, tagForFarTimes)
	}
	return fmt.Errorf("is %s, and %s: %s", when, reachOfNanos, tagForFarTimes)
}

func dateValue(p place) (parquet.Value, error) {
	at := p.time()
	if at.Before(earliest) || !at.Before(latest) {
		return parquet.Value{}, fmt.Errorf("is %s, and %s", at.Format(time.RFC3339), strings.Replace(reachOfTheRest, "times", "dates", 1))
	}
	days := at.Unix() / secondsOfDay
	if at.Unix() < 0 {
		days = -((-at.Unix() + secondsOfDay - 1) / secondsOfDay)
	}
	if _, offset := at.Zone(); offset != 0 || at.Nanosecond() != 0 || at.Unix() != days*secondsOfDay {
		return parquet.Value{}, fmt.Errorf("is %s, and its tag date keeps midnight in UTC only", at.Format(time.RFC3339Nano))
	}
	return parquet.Int32Value(int32(days)), nil
}

// valueError is a value that Parquet would lose or change, or that a row can't hold.
type valueError struct {
	kind error // that it matches
	row  int64
	path string
	err  error
}

func (e *valueError) Error() string {
	return fmt.Sprintf("row %d: %v: %s %v", e.row, e.kind, e.path, e.err)
}

func (e *valueError) Unwrap() []error { return []error{e.kind, e.err} }

func unsupported(path string, err error) *valueError {
	return &valueError{kind: iomanagers.ErrUnsupported, path: path, err: err}
}
