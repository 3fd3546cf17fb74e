package iomanagers

import (
	"bytes"
	"fmt"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/rows"
)

// JSONLines returns the codec "jsonl". It writes one line with a JSON text for each row, in
// files named .jsonl. Many tools for logs and bulk loading read this format. It takes slices
// and streams of every type that [JSON] takes, with the same rules.
//
// Each line holds exactly one row. Lines without text are skipped. Errors name the row and the
// line: rows are counted from 0, and lines from 1.
//
// If only types of the standard library marshal themselves within a row, several goroutines read
// and write the rows of a batch at the same time, as many as GOMAXPROCS says. The order stays.
func JSONLines(options ...FieldOption) Codec { return jsonLinesCodec{fieldRules(options)} }

type jsonLinesCodec struct{ rules }

var (
	_ TypeChecker = jsonLinesCodec{}
	_ RowCodec    = jsonLinesCodec{}
)

func (jsonLinesCodec) Name() string      { return "jsonl" }
func (jsonLinesCodec) Extension() string { return ".jsonl" }

func (jsonLinesCodec) CheckType(t reflect.Type) error {
	shape, ok := rows.Of(t)
	if !ok || shape.Form != rows.Slice {
		return fmt.Errorf("%w: it takes slices, not %v", ErrType, t)
	}
	_, err := jsonTypeOf(shape.Element)
	return err
}

func (c jsonLinesCodec) Encode(w io.Writer, value any) error {
	if err := c.CheckType(reflect.TypeOf(value)); err != nil {
		return err
	}
	return encodeRows(c, w, value)
}

func (c jsonLinesCodec) Decode(r io.Reader, dst any) error {
	if err := c.CheckType(reflect.TypeOf(dst).Elem()); err != nil {
		return err
	}
	return decodeRows(c, r, dst)
}

func (jsonLinesCodec) NewRowEncoder(w io.Writer, slice reflect.Type) (RowEncoder, error) {
	rows, err := newJSONRows(slice)
	return jsonLinesEncoder{w: w, rows: rows}, err
}

type jsonLinesEncoder struct {
	w    io.Writer
	rows *jsonRows
}

func (e jsonLinesEncoder) Write(batch any) error {
	texts, err := e.rows.encode(reflect.ValueOf(batch), '\n')
	if err != nil {
		return err
	}
	for _, text := range texts {
		if _, err := e.w.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func (jsonLinesEncoder) Close() error { return nil }

func (c jsonLinesCodec) NewRowDecoder(r io.Reader, slice reflect.Type) (RowDecoder, error) {
	rows, err := newJSONRows(slice)
	if err != nil {
		return nil, err
	}
	rows.rules = c.rules
	r, err = jsonInput(r)
	return &jsonLinesDecoder{rows: rows, lines: lineReader{r: r}}, err
}

type jsonLinesDecoder struct {
	rows  *jsonRows
	lines lineReader
	texts []jsonText
}

func (d *jsonLinesDecoder) Read(dst any) (err error) {
	target := reflect.ValueOf(dst).Elem()
	if d.texts, err = d.lines.next(d.texts[:0], target.Cap()); err != nil {
		return err
	}
	return d.rows.decode(d.texts, target)
}

func (*jsonLinesDecoder) Close() error { return nil }

// lineReader reads lines that are not blank, several at a time.
type lineReader struct {
	r    io.Reader
	line int   // the number of the last line
	err  error // that ended the reading

	buffer   []byte
	from, to int // what of buffer has been read and not given away
	spans    []span
}

// span is where a line lies in the buffer.
type span struct{ from, to, line int }

// mostText is how much text is taken at a time, unless a single row has more.
const mostText = 1 << 20

// next appends at most n lines to texts, and at least one. They are valid until it is called
// again. At the end it returns io.EOF.
func (l *lineReader) next(texts []jsonText, n int) ([]jsonText, error) {
	l.to = copy(l.buffer, l.buffer[l.from:l.to])
	l.from, l.spans = 0, l.spans[:0]
	l.find(n)
	if len(l.spans) == 0 {
		return nil, l.err
	}
	for _, s := range l.spans {
		texts = append(texts, jsonText{data: l.buffer[s.from:s.to], line: s.line})
	}
	return texts, nil
}

// find finds at most n lines, and none only at the end.
func (l *lineReader) find(n int) {
	searched := 0 // without a line end
	for len(l.spans) < n {
		if end := bytes.IndexByte(l.buffer[searched:l.to], '\n'); end >= 0 {
			l.add(searched + end)
			l.from = searched + end + 1
			searched = l.from
			continue
		}
		if l.err != nil {
			if l.err == io.EOF && l.from < l.to { //nolint:errorlint // a wrapped one is a fault half way
				l.add(l.to)
				l.from = l.to
			}
			return
		}
		if searched = l.to; len(l.spans) > 0 && l.to == len(l.buffer) && l.to >= mostText {
			return
		}
		l.read()
	}
}

// add notes the line that ends before the given byte, if something is on it.
func (l *lineReader) add(end int) {
	l.line++
	if len(bytes.TrimSpace(l.buffer[l.from:end])) > 0 {
		l.spans = append(l.spans, span{l.from, end, l.line})
	}
}

// read reads more, into more room if there is none left.
func (l *lineReader) read() {
	if l.to == len(l.buffer) {
		bigger := make([]byte, max(chunk, 2*len(l.buffer)))
		copy(bigger, l.buffer)
		l.buffer = bigger
	}
	var n int
	n, l.err = l.r.Read(l.buffer[l.to:])
	l.to += n
}
