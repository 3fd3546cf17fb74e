package parquetcodec

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fxrun/fxrun/iomanagers"
)

const (
	// largePage is what a page may say of its size without any doubt.
	largePage = 64 << 20
	// mostGrowth is how many times as large as its bytes in the file a page may say it is.
	mostGrowth = 1000
	// headerBuffer is how many bytes are read for the header of a page.
	headerBuffer = 256
)

// checkFooter reports a file whose index would not lie in it. parquet-go takes as much memory as
// the last bytes say.
func checkFooter(file iomanagers.SizedReaderAt) error {
	const magic, length = "PAR1", 4
	var end [length + len(magic)]byte
	size := file.Size()
	if size < int64(len(magic)+len(end)) {
		return fmt.Errorf("it has %d bytes, which is too short for a Parquet file", size)
	}
	if n, err := file.ReadAt(end[:], size-int64(len(end))); n < len(end) {
		return fmt.Errorf("reading the end of a Parquet file: %w", err)
	}
	if index := int64(binary.LittleEndian.Uint32(end[:])); index > size-int64(len(magic)+len(end)) {
		return fmt.Errorf("%w: it has %d bytes, and says that its index has %d", errDamaged, size, index)
	}
	return nil
}

// checkPages looks at the headers of the pages of a column before parquet-go does, which takes
// as much memory as they say. A damaged one could ask for gigabytes. For a
// column of booleans it returns its pages, and nil in place of those that parquet-go can read.
func checkPages(file *parquet.File, data *format.ColumnMetaData, rows int64) (pages []*runPage, err error) {
	at := data.DataPageOffset
	if data.DictionaryPageOffset != 0 {
		at = data.DictionaryPageOffset
	}
	end := at + data.TotalCompressedSize
	if at < 0 || data.TotalCompressedSize < 0 || end < at || end > file.Size() {
		return nil, fmt.Errorf("%w: its pages lie outside of it", errDamaged)
	}
	buffer := bufio.NewReaderSize(nil, headerBuffer)
	for at < end {
		section := io.NewSectionReader(file, at, end-at)
		buffer.Reset(section)
		var header format.PageHeader
		if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(buffer)).Decode(&header); err != nil {
			return nil, fmt.Errorf("%w: the header of a page: %w", errDamaged, err)
		}
		read, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, err
		}
		at += read - int64(buffer.Buffered())
		if err := checkPage(&header, end-at, rows); err != nil {
			return nil, err
		}
		if data.Type == format.Boolean && (header.DataPageHeader.Valid || header.DataPageHeaderV2.Valid) {
			pages = append(pages, runPageOf(&header, at))
		}
		at += int64(header.CompressedPageSize)
	}
	return pages, nil
}

func checkPage(header *format.PageHeader, left, rows int64) error {
	packed, size := int64(header.CompressedPageSize), int64(header.UncompressedPageSize)
	if packed < 0 || packed > left || size < 0 || size > max(largePage, packed*mostGrowth) {
		return fmt.Errorf("%w: a page of %d bytes says that it has %d", errDamaged, packed, size)
	}
	values := max(int64(header.DataPageHeader.V.NumValues), int64(header.DataPageHeaderV2.V.NumValues), int64(header.DictionaryPageHeader.V.NumValues))
	if values > max(largePage, size*mostGrowth, rows) || header.DictionaryPageHeader.Valid && values > max(1, size)*8 {
		return fmt.Errorf("%w: a page of %d bytes says that it has %d values", errDamaged, packed, values)
	}
	return nil
}
