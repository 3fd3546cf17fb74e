package arrowcodec

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
)

// instants reads times and days. A time without a zone is one in UTC, and a day is its midnight in UTC.
func instants(stored arrow.DataType) opener {
	switch stored := stored.(type) {
	case *arrow.TimestampType:
		return timesOf(fromUnix(stored.Unit))
	case *arrow.Date32Type:
		return timesOf(func(n arrow.Date32) (time.Time, bool) { return time.Unix(int64(n)*24*60*60, 0), true })
	case *arrow.Date64Type:
		return timesOf(func(n arrow.Date64) (time.Time, bool) { return time.UnixMilli(int64(n)), true })
	}
	return nil
}

func fromUnix(unit arrow.TimeUnit) func(n arrow.Timestamp) (time.Time, bool) {
	switch unit {
	case arrow.Second:
		const furthest = 1 << 55 // a billion years, of seconds that a time.Time can count
		return func(n arrow.Timestamp) (time.Time, bool) {
			return time.Unix(int64(n), 0), n > -furthest && n < furthest
		}
	case arrow.Millisecond:
		return func(n arrow.Timestamp) (time.Time, bool) { return time.UnixMilli(int64(n)), true }
	case arrow.Microsecond:
		return func(n arrow.Timestamp) (time.Time, bool) { return time.UnixMicro(int64(n)), true }
	case arrow.Nanosecond:
	}
	return func(n arrow.Timestamp) (time.Time, bool) { return time.Unix(0, int64(n)), true }
}

func timesOf[T arrow.Timestamp | arrow.Date32 | arrow.Date64](convert func(n T) (time.Time, bool)) opener {
	return func(a arrow.Array) cells {
		all := arrow.GetValues[T](a.Data(), 1)
		return cells{get: func(i int, v reflect.Value) *fault {
			at, fits := convert(all[i])
			if !fits {
				return &fault{reason: fmt.Sprintf("is %d seconds after 1970, which a time.Time can't count: load record batches", all[i])}
			}
			*v.Addr().Interface().(*time.Time) = at.UTC()
			return nil
		}}
	}
}

// spans reads durations, and times of a day, which are the duration since midnight.
func spans(stored arrow.DataType) opener {
	switch stored := stored.(type) {
	case *arrow.DurationType:
		return spansOf[arrow.Duration](stored.Unit)
	case *arrow.Time32Type:
		return spansOf[arrow.Time32](stored.Unit)
	case *arrow.Time64Type:
		return spansOf[arrow.Time64](stored.Unit)
	}
	return nil
}

func spansOf[T arrow.Duration | arrow.Time32 | arrow.Time64](unit arrow.TimeUnit) opener {
	each := int64(unit.Multiplier())
	return func(a arrow.Array) cells {
		all := arrow.GetValues[T](a.Data(), 1)
		return cells{get: func(i int, v reflect.Value) *fault {
			n := int64(all[i])
			if n > math.MaxInt64/each || n < math.MinInt64/each {
				return &fault{reason: fmt.Sprintf("is %d%s, and a time.Duration reaches 292 years: load record batches", n, unit)}
			}
			v.SetInt(n * each)
			return nil
		}}
	}
}
