package arrowcodec

import (
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// validate looks at every value of a record batch, so that whoever reads them needs no care.
func validate(record arrow.RecordBatch) error {
	for i, column := range record.Columns() {
		data := complete(column.Data())
		whole := array.MakeFromData(data)
		err := array.ValidateFull(whole)
		whole.Release()
		data.Release()
		if err != nil {
			return fmt.Errorf("column %s: %w", record.ColumnName(i), err)
		}
	}
	return nil
}

// complete returns data with the empty buffer that the library's check asks for in columns of
// nulls and run-end encoded ones, and that the library itself leaves out. It is to be released.
func complete(data arrow.ArrayData) arrow.ArrayData {
	buffers, children := data.Buffers(), slices.Clone(data.Children())
	changed := false
	for i, child := range children {
		if child == nil {
			continue
		}
		children[i] = complete(child)
		defer children[i].Release()
		changed = changed || children[i] != child
	}
	if id := data.DataType().ID(); len(buffers) == 0 && (id == arrow.NULL || id == arrow.RUN_END_ENCODED) {
		buffers, changed = []*memory.Buffer{nil}, true
	}
	if !changed {
		data.Retain()
		return data
	}
	return array.NewData(data.DataType(), data.Len(), buffers, children, data.NullN(), data.Offset())
}
