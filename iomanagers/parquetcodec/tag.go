package parquetcodec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/internal/nearest"
)

// tag is what the `parquet` tag of a field says.
type tag struct {
	name        string
	optional    bool          // the zero value is stored as null
	unit        time.Duration // of times, 0 if it isn't said
	local       bool          // times are what a clock shows
	date        bool
	uuid        bool
	decimal     *decimal
	encoding    string // "dict", "delta", "plain" or ""
	compression string // "snappy", "gzip", "zstd", "uncompressed" or ""
}

// decimal says how a whole number counts: in 10 to the power of -scale.
type decimal struct{ scale, precision int }

var options = []string{
	"optional", "list", "string", "timestamp", "date", "decimal", "uuid",
	"dict", "delta", "plain", "snappy", "gzip", "zstd", "uncompressed",
}

func tagOf(f reflect.StructField) (t tag, err error) {
	parts := strings.Split(f.Tag.Get("parquet"), ",")
	if t.name = parts[0]; t.name == "" {
		t.name = f.Name
	}
	for _, other := range []string{"parquet-key", "parquet-value", "parquet-element"} {
		if _, found := f.Tag.Lookup(other); found {
			return t, fmt.Errorf("the tag %s is not supported", other)
		}
	}
	for _, option := range parts[1:] {
		if err := t.add(option); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (t *tag) add(option string) error {
	name, args, _ := strings.Cut(strings.TrimSpace(option), "(")
	args = strings.TrimSuffix(args, ")")
	switch name {
	case "optional":
		t.optional = true
	case "timestamp":
		return t.timestamp(args)
	case "date":
		t.date = true
	case "uuid":
		t.uuid = true
	case "decimal":
		return t.number(option, args)
	case "dict", "delta", "plain":
		t.encoding = name
	case "snappy", "gzip", "zstd", "uncompressed":
		t.compression = name
	case "list", "string": // what slices and texts are anyway
	default:
		return fmt.Errorf("the tag option %q is not known%s", option, nearest.Suggestion(name, options))
	}
	return nil
}

func (t *tag) number(option, args string) error {
	scale, precision, _ := strings.Cut(args, ":")
	s, scaleErr := strconv.Atoi(scale)
	p, precisionErr := strconv.Atoi(precision)
	if scaleErr != nil || precisionErr != nil || s < 0 || p < 1 || p > 18 || s > p {
		return fmt.Errorf("the tag option %q must be decimal(scale:precision), with a precision of 18 at most", option)
	}
	t.decimal = &decimal{s, p}
	return nil
}

func (t *tag) timestamp(args string) error {
	unit, zone, _ := strings.Cut(args, ":")
	switch unit {
	case "", "millisecond":
		t.unit = time.Millisecond
	case "microsecond":
		t.unit = time.Microsecond
	case "nanosecond":
		t.unit = time.Nanosecond
	default:
		return fmt.Errorf("a timestamp counts in millisecond, microsecond or nanosecond, not in %q", unit)
	}
	switch zone {
	case "", "utc":
	case "local":
		t.local = true
	default:
		return fmt.Errorf("a timestamp is utc or local, not %q", zone)
	}
	return nil
}

// inner returns the tag of what lies within a field with tag t: the elements of a list, the
// keys or values of a map.
func (t tag) inner(name string) tag {
	if name == "key" {
		return tag{name: name, encoding: t.encoding, compression: t.compression}
	}
	t.name, t.optional = name, false
	return t
}
