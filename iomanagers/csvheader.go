package iomanagers

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/nearest"
)

// csvHeader is the first record of a file.
type csvHeader struct {
	names  []string
	places []int // for each column of the rows, the index of its field in a record
}

// readHeader takes the header off the text of a file.
func (c *csvColumns) readHeader(scanner *csvScanner, text []byte) (header csvHeader, rest []byte, err error) {
	if encoding := foreignEncoding(text); encoding != "" {
		return csvHeader{}, nil, fmt.Errorf("%w: the file %s", ErrUnsupported, encoding)
	}
	rest = bytes.TrimPrefix(text, []byte("\ufeff"))
	for len(rest) > 0 {
		after, blank := isBlankLine(rest)
		if !blank {
			break
		}
		rest = after
	}
	if len(rest) == 0 {
		return csvHeader{}, nil, errNoHeader
	}
	rest, fault := scanner.record(rest)
	if fault != nil {
		return csvHeader{}, nil, fmt.Errorf("header, field %d: %w", fault.field, fault.err)
	}
	for _, f := range scanner.fields {
		header.names = append(header.names, string(f.text))
	}
	header.places, err = c.placesIn(header.names, scanner.comma)
	return header, rest, err
}

var errNoHeader = errors.New("there is no header line")

// placesIn finds the columns among the names of a header.
func (c *csvColumns) placesIn(header []string, comma byte) ([]int, error) {
	var missing, twice []string
	places := make([]int, len(c.all))
	for i, name := range c.names() {
		places[i] = slices.Index(header, name)
		switch {
		case places[i] < 0:
			missing = append(missing, name)
		case slices.Contains(header[places[i]+1:], name):
			twice = append(twice, name)
		}
	}
	var faults []error
	if len(missing) > 0 {
		faults = append(faults, missingColumns(missing, header, comma))
	}
	if len(twice) > 0 {
		faults = append(faults, fmt.Errorf("%w: the file has a column twice: %s", ErrType, strings.Join(quotedNames(twice), ", ")))
	}
	return places, errors.Join(faults...)
}

// missingColumns names the columns that a file lacks, those that it has, and what may have
// been meant.
func missingColumns(missing, header []string, comma byte) error {
	var b strings.Builder
	fmt.Fprintf(&b, "the file has no column %s, only %s", strings.Join(missing, ", "), strings.Join(quotedNames(header), ", "))
	for _, name := range missing {
		near := nearest.Name(name, header)
		if i := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) }); i >= 0 {
			near = header[i]
		}
		if near != "" {
			fmt.Fprintf(&b, `; if %s is meant to be %q, use the tag csv:%q`, name, near, near)
		}
	}
	if len(header) == 1 {
		if i := strings.IndexAny(header[0], ",;\t|"); i >= 0 && header[0][i] != comma {
			fmt.Fprintf(&b, "; if %q separates the fields, use iomanagers.CSVComma(%q)", header[0][i], header[0][i])
		}
	}
	return fmt.Errorf("%w: %s", ErrType, b.String())
}

// quotedNames shows names with the spaces around them, and not too many of them.
func quotedNames(names []string) []string {
	const most = 40
	var shown []string
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, fmt.Sprintf("%.60q", name))
	}
	if len(names) > most {
		shown = append(shown, fmt.Sprintf("and %d more", len(names)-most))
	}
	return shown
}

// foreignEncoding says what a file is that cannot be text in UTF-8.
func foreignEncoding(text []byte) string {
	for _, sign := range []struct{ begin, says string }{
		{"\xff\xfe", "is in UTF-16: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8"},
		{"\xfe\xff", "is in UTF-16: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8"},
		{"\x1f\x8b", "is compressed by gzip: decompress it, or use a codec that does, such as the one in the examples of the package"},
		{"\x28\xb5\x2f\xfd", "is compressed by zstd: decompress it"},
		{"PK\x03\x04", "is a zip archive, as spreadsheets of the type .xlsx are: save it as CSV in UTF-8"},
		{"PAR1", "is a Parquet file: use the format parquet"},
	} {
		if bytes.HasPrefix(text, []byte(sign.begin)) && (sign.begin != "PAR1" || bytes.IndexByte(text, 0) > 0) {
			return sign.says
		}
	}
	if line, _, _ := bytes.Cut(text, []byte{'\n'}); bytes.Count(line, []byte{0}) > len(line)/4 && len(line) > 1 {
		return "has a zero byte beside each character, as UTF-16 has: convert it to UTF-8, as with iconv -f UTF-16LE -t UTF-8"
	}
	return ""
}
