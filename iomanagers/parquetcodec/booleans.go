package parquetcodec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fxrun/fxrun/iomanagers"
)

// runPage is a page of booleans that are written as runs of equal values, as other
// programs write them in pages of version 2. parquet-go reads one of eight values of such a
// run, and loses its place behind a run whose length is no multiple of eight. So these
// booleans are read here. The levels, which say what is null, are those of parquet-go.
type runPage struct {
	at     int64 // where its bytes stand in the file
	header format.PageHeader
}

// runPageOf returns the page of a header, whose bytes stand at a place of the file. It is
// nil if the values are not written as runs.
func runPageOf(header *format.PageHeader, at int64) *runPage {
	first, second := header.DataPageHeader, header.DataPageHeaderV2
	if first.Valid && first.V.Encoding == format.RLE || second.Valid && second.V.Encoding == format.RLE {
		return &runPage{at, *header}
	}
	return nil
}

// booleans returns the booleans of a page that are not null.
func (p *runPage) booleans(file iomanagers.SizedReaderAt, column *parquet.Column, codec format.CompressionCodec) ([]bool, error) {
	packed := make([]byte, p.header.CompressedPageSize)
	if n, err := file.ReadAt(packed, p.at); n < len(packed) {
		return nil, fmt.Errorf("reading a page: %w", err)
	}
	values, err := p.values(packed, column, codec)
	if err == nil {
		values, _, err = cutLength(values)
	}
	var booleans []bool
	if err == nil {
		booleans, err = readRuns(values, int(max(p.header.DataPageHeader.V.NumValues, p.header.DataPageHeaderV2.V.NumValues)))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: a page of booleans: %w", errDamaged, err)
	}
	return booleans, nil
}

// values returns what stands behind the levels of a page, without compression.
func (p *runPage) values(packed []byte, column *parquet.Column, codec format.CompressionCodec) ([]byte, error) {
	size := int(p.header.UncompressedPageSize)
	if p.header.DataPageHeaderV2.Valid {
		header := p.header.DataPageHeaderV2.V
		levels := int(header.RepetitionLevelsByteLength) + int(header.DefinitionLevelsByteLength)
		if levels < 0 || levels > min(len(packed), size) {
			return nil, io.ErrUnexpectedEOF
		}
		if header.IsCompressed.Valid && !header.IsCompressed.V {
			return packed[levels:], nil
		}
		return unpack(packed[levels:], size-levels, codec)
	}
	data, err := unpack(packed, size, codec)
	for _, level := range []struct {
		most     int
		encoding format.Encoding
	}{
		{column.MaxRepetitionLevel(), p.header.DataPageHeader.V.RepetitionLevelEncoding},
		{column.MaxDefinitionLevel(), p.header.DataPageHeader.V.DefinitionLevelEncoding},
	} {
		if err == nil && level.most > 0 {
			if level.encoding != format.RLE {
				return nil, fmt.Errorf("its levels are encoded as %s, which is not read", level.encoding)
			}
			_, data, err = cutLength(data)
		}
	}
	return data, err
}

func unpack(packed []byte, size int, codec format.CompressionCodec) ([]byte, error) {
	if codec == format.Uncompressed || len(packed) == 0 {
		return packed, nil
	}
	return parquet.LookupCompressionCodec(codec).Decode(make([]byte, size), packed)
}

// cutLength returns the bytes whose number stands before them, and what follows.
func cutLength(data []byte) (bytes, rest []byte, err error) {
	if len(data) < 4 {
		return nil, nil, io.ErrUnexpectedEOF
	}
	length := uint64(binary.LittleEndian.Uint32(data))
	if length > uint64(len(data)-4) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return data[4 : 4+length], data[4+length:], nil
}

// readRuns reads runs of equal booleans, and groups of eight booleans as bits, up to a
// number of booleans.
func readRuns(data []byte, most int) ([]bool, error) {
	booleans := make([]bool, 0, most)
	for len(data) > 0 && len(booleans) < most {
		header, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, errors.New("the length of a run is damaged")
		}
		data = data[n:]
		count := header >> 1
		if header&1 == 0 {
			if count == 0 {
				continue
			}
			if len(data) == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			for range min(count, uint64(most-len(booleans))) {
				booleans = append(booleans, data[0]&1 != 0)
			}
			data = data[1:]
			continue
		}
		if count > uint64(len(data)) {
			return nil, io.ErrUnexpectedEOF
		}
		for _, eight := range data[:count] {
			for bit := range min(8, most-len(booleans)) {
				booleans = append(booleans, eight>>bit&1 != 0)
			}
		}
		data = data[count:]
	}
	return booleans, nil
}
