package iomanagers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// csvScanner takes the fields of records out of a text as RFC 4180 says: a field in quotes
// holds any character, and two quotes for one. What the RFC leaves open is a fault, since other
// readers would disagree about it: a quote within a field without quotes, and a carriage return
// without a line feed.
//
// The package encoding/csv reads the same records, apart from these. It drops the carriage
// return of a line end within quotes, does not tell a quoted empty field from a blank one, and
// makes a string of every record.
type csvScanner struct {
	ends   [256]bool // the bytes that may end a field
	comma  byte
	fields []csvField
	memory []byte // of fields with quotes in them
	valid  bool   // all of the text is known to be UTF-8
	plain  bool   // and to have neither a quote nor a carriage return
	commas uint64 // the comma, eight times
}

func newCSVScanner(comma byte) csvScanner {
	s := csvScanner{comma: comma, commas: eightTimes(comma)}
	for _, c := range []byte{comma, '"', '\r', '\n'} {
		s.ends[c] = true
	}
	return s
}

// csvFault is a fault in field number field of a record.
type csvFault struct {
	field int
	err   error
}

var (
	errQuoteWithin = errors.New("there is a quote in a field that does not begin with one: such a field must be in quotes, and the quote doubled")
	errAfterQuote  = errors.New("something follows the closing quote of a field: a quote within a field must be doubled")
	errNoQuote     = errors.New("the closing quote of a field is missing")
	errReturn      = errors.New("there is a carriage return without a line feed, which is neither a line end nor text outside of quotes: convert the line ends of the file")
	errNotUTF8     = fmt.Errorf("%w: the text is not UTF-8: convert the file, as with iconv -f WINDOWS-1252 -t UTF-8, or load it as []byte and decode it", ErrUnsupported)
)

// record takes the record at the beginning of text, which is not empty, and returns what
// follows. The fields are valid until the next call, and as long as the text.
func (s *csvScanner) record(text []byte) (rest []byte, fault *csvFault) {
	if s.plain {
		return s.plainRecord(text), nil
	}
	s.fields, s.memory = s.fields[:0], s.memory[:0]
	i := 0
	for {
		var f csvField
		if i < len(text) && text[i] == '"' {
			var err error
			if f, i, err = s.quotedField(text, i+1); err != nil {
				return nil, &csvFault{len(s.fields), err}
			}
		} else {
			start := i
			for i < len(text) && !s.ends[text[i]] {
				i++
			}
			f.text = text[start:i]
		}
		if !s.valid && !utf8.Valid(f.text) {
			return nil, &csvFault{len(s.fields), fmt.Errorf("%.40q: %w", f.text, errNotUTF8)}
		}
		s.fields = append(s.fields, f)
		switch {
		case i == len(text):
			return nil, nil
		case text[i] == s.comma:
			i++
		case text[i] == '\n':
			return text[i+1:], nil
		case text[i] == '"' && f.quoted:
			return nil, &csvFault{len(s.fields) - 1, errAfterQuote}
		case text[i] == '"':
			return nil, &csvFault{len(s.fields) - 1, errQuoteWithin}
		case text[i] != '\r':
			return nil, &csvFault{len(s.fields) - 1, errAfterQuote}
		case i+1 == len(text):
			return nil, nil
		case text[i+1] == '\n':
			return text[i+2:], nil
		default:
			return nil, &csvFault{len(s.fields) - 1, errReturn}
		}
	}
}

// plainRecord is record for a plain text. It looks for the commas in eight bytes at a time.
func (s *csvScanner) plainRecord(text []byte) (rest []byte) {
	line := text
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		line, rest = text[:end], text[end+1:]
	}
	fields, start, at := s.fields[:0], 0, 0
	for ; at+8 <= len(line); at += 8 {
		for found := zeroBytes(binary.LittleEndian.Uint64(line[at:]) ^ s.commas); found != 0; found &= found - 1 {
			end := at + bits.TrailingZeros64(found)/8
			fields = append(fields, csvField{text: line[start:end]})
			start = end + 1
		}
	}
	for ; at < len(line); at++ {
		if line[at] == s.comma {
			fields = append(fields, csvField{text: line[start:at]})
			start = at + 1
		}
	}
	s.fields = append(fields, csvField{text: line[start:]})
	return rest
}

func eightTimes(c byte) uint64 { return uint64(c) * 0x0101010101010101 }

// zeroBytes returns a number in which the highest bit of each byte says that the byte of n is zero.
func zeroBytes(n uint64) uint64 {
	const low = 0x7f7f7f7f7f7f7f7f
	return ^(n&low + low | n | low)
}

// quotedField takes the field that begins before text[i], and returns where it ends.
func (s *csvScanner) quotedField(text []byte, i int) (csvField, int, error) {
	start, from := i, len(s.memory)
	for {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return csvField{}, 0, errNoQuote
		}
		end := i + n
		if end+1 < len(text) && text[end+1] == '"' {
			s.memory = append(s.memory, text[i:end+1]...)
			i = end + 2
			continue
		}
		if i == start {
			return csvField{text[start:end], true}, end + 1, nil
		}
		s.memory = append(s.memory, text[i:end]...)
		return csvField{s.memory[from:len(s.memory):len(s.memory)], true}, end + 1, nil
	}
}

// isBlankLine reports whether text begins with a line without anything, and returns what
// follows.
func isBlankLine(text []byte) (rest []byte, blank bool) {
	switch {
	case text[0] == '\n':
		return text[1:], true
	case text[0] != '\r':
		return text, false
	case len(text) == 1:
		return nil, true
	case text[1] == '\n':
		return text[2:], true
	}
	return text, false
}
