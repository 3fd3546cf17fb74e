package parquetcodec

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// cursorValues is how many values of a column are taken from a page at a time.
const cursorValues = 512

// cursor walks through the values of a column of the file, row group by row group.
type cursor struct {
	file  *parquet.Column
	most  int // the definition level of values that are there
	pages parquet.Pages
	page  parquet.Page
	from  parquet.ValueReader
	left  int64 // values of the page that are not read yet

	buffer []parquet.Value
	at, n  int

	// Texts of the dictionary of the page, made when they are met first, and where the values
	// of the page, without null, lie in it.
	dictionary parquet.Dictionary
	texts      []string
	indexes    []int32
	nth        int

	// Booleans that parquet-go cannot read: the pages of the row group that are to come, and
	// the booleans of the page that are not read yet, without null. They are nil for a page
	// that parquet-go can read.
	runPages []*runPage
	runs     func(page *runPage) ([]bool, error)
	booleans []bool
}

func newCursor(file *parquet.Column) *cursor {
	return &cursor{file: file, most: file.MaxDefinitionLevel(), buffer: make([]parquet.Value, cursorValues)}
}

var errDamaged = errors.New("the file is damaged")

// begin goes to the row group i of file.
func (c *cursor) begin(file *parquet.File, i int) error {
	if err := c.end(); err != nil {
		return err
	}
	group := file.RowGroups()[i]
	data := &file.Metadata().RowGroups[i].Columns[c.file.Index()].MetaData
	pages, err := checkPages(file, data, group.NumRows())
	if err != nil {
		return &columnError{c.name(), err}
	}
	c.runPages = pages
	c.runs = func(page *runPage) ([]bool, error) { return page.booleans(file, c.file, data.Codec) }
	c.pages = group.ColumnChunks()[c.file.Index()].Pages()
	c.dictionary, c.texts = nil, nil
	return nil
}

func (c *cursor) name() string { return strings.Join(c.file.Path(), ".") }

// next returns the next value and goes on. The value is good until the next call.
func (c *cursor) next() (*parquet.Value, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	return c.take(), nil
}

// take is next after ready.
func (c *cursor) take() *parquet.Value {
	v := &c.buffer[c.at]
	c.at++
	if c.indexes != nil && v.DefinitionLevel() == c.most {
		c.nth++
	}
	return v
}

// ready makes sure that there is a next value.
func (c *cursor) ready() error {
	if c.at == c.n {
		return c.fill()
	}
	return nil
}

// peek returns the next value.
func (c *cursor) peek() (*parquet.Value, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	return &c.buffer[c.at], nil
}

// more reports whether the row group has another value.
func (c *cursor) more() (bool, error) {
	if c.pages == nil {
		return false, nil
	}
	_, err := c.peek()
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	return err == nil, err
}

func (c *cursor) fill() error {
	for {
		for c.left == 0 {
			if err := c.nextPage(); err != nil {
				return err
			}
		}
		n, err := c.from.ReadValues(c.buffer[:min(int64(len(c.buffer)), c.left)])
		c.at, c.n, c.left = 0, n, c.left-int64(n)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if n > 0 {
			return c.correct(c.buffer[:n])
		}
		if c.left > 0 {
			return fmt.Errorf("%w: a page has fewer values than it says", errDamaged)
		}
	}
}

// nextPage takes the next page. At the end of the row group it fails with io.ErrUnexpectedEOF.
func (c *cursor) nextPage() error {
	c.release()
	page, err := c.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	c.page, c.from, c.left = page, page.Values(), page.NumValues()
	c.indexes, c.nth = nil, 0
	if err := c.nextRunPage(); err != nil {
		return err
	}
	if dictionary := page.Dictionary(); dictionary != nil && c.file.Type().Kind() == parquet.ByteArray {
		if c.dictionary != dictionary {
			c.dictionary, c.texts = dictionary, make([]string, dictionary.Len())
		}
		data := page.Data()
		c.indexes = data.Int32()
	}
	return nil
}

// nextRunPage reads the booleans of the page that was just taken, if parquet-go cannot read
// them.
func (c *cursor) nextRunPage() (err error) {
	c.booleans = nil
	if len(c.runPages) == 0 {
		return nil
	}
	page := c.runPages[0]
	c.runPages = c.runPages[1:]
	if page != nil {
		c.booleans, err = c.runs(page)
	}
	return err
}

// correct puts the booleans of a page of runs into the values that parquet-go has made of it.
func (c *cursor) correct(values []parquet.Value) error {
	if c.booleans == nil {
		return nil
	}
	for i, v := range values {
		if v.DefinitionLevel() < c.most {
			continue
		}
		if len(c.booleans) == 0 {
			return fmt.Errorf("%w: a page has fewer booleans than it says", errDamaged)
		}
		values[i] = parquet.BooleanValue(c.booleans[0]).Level(v.RepetitionLevel(), v.DefinitionLevel(), v.Column())
		c.booleans = c.booleans[1:]
	}
	return nil
}

func (c *cursor) release() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page, c.from, c.left = nil, nil, 0
}

// text returns the text of v, which next has just returned. It is made once for each entry of a
// dictionary.
func (c *cursor) text(v *parquet.Value) (string, error) {
	if c.indexes == nil || c.nth > len(c.indexes) {
		return textOf(v.ByteArray())
	}
	made := &c.texts[c.indexes[c.nth-1]]
	if *made != "" {
		return *made, nil
	}
	text, err := textOf(v.ByteArray())
	*made = text
	return text, err
}

// end closes the row group.
func (c *cursor) end() (err error) {
	c.release()
	if c.pages != nil {
		err = c.pages.Close()
	}
	c.pages, c.at, c.n = nil, 0, 0
	return err
}
