package sqltable

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// The kinds of values in a block of a spool.
const (
	spooledNull byte = iota
	spooledInteger
	spooledFloat
	spooledFalse
	spooledTrue
	spooledText
	spooledBytes
	spooledTime
)

// appendValue writes a value of one of the types that column.value returns.
func appendValue(to []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(to, spooledNull)
	case int64:
		return binary.AppendVarint(append(to, spooledInteger), v)
	case float64:
		return binary.LittleEndian.AppendUint64(append(to, spooledFloat), math.Float64bits(v))
	case bool:
		if v {
			return append(to, spooledTrue)
		}
		return append(to, spooledFalse)
	case string:
		return append(binary.AppendUvarint(append(to, spooledText), uint64(len(v))), v...)
	case []byte:
		return append(binary.AppendUvarint(append(to, spooledBytes), uint64(len(v))), v...)
	case time.Time:
		to = binary.AppendVarint(append(to, spooledTime), v.Unix())
		return binary.AppendUvarint(to, uint64(v.Nanosecond()))
	}
	panic(fmt.Sprintf("sqltable: a value of a column is a %T", v))
}

// cutValue returns the first value of a block, and the rest of the block. Texts share its memory.
func cutValue(block string) (value any, rest string) {
	kind, block := block[0], block[1:]
	switch kind {
	case spooledNull:
		return nil, block
	case spooledInteger:
		n, block := cutVarint(block)
		return n, block
	case spooledFloat:
		return math.Float64frombits(binary.LittleEndian.Uint64([]byte(block[:8]))), block[8:]
	case spooledFalse, spooledTrue:
		return kind == spooledTrue, block
	case spooledText:
		n, block := cutUvarint(block)
		return block[:n], block[n:]
	case spooledBytes:
		n, block := cutUvarint(block)
		return []byte(block[:n]), block[n:]
	default:
		seconds, block := cutVarint(block)
		nanoseconds, block := cutUvarint(block)
		return time.Unix(seconds, int64(nanoseconds)).UTC(), block
	}
}

func cutUvarint(block string) (uint64, string) {
	n, width := binary.Uvarint([]byte(block[:min(len(block), binary.MaxVarintLen64)]))
	return n, block[width:]
}

func cutVarint(block string) (int64, string) {
	n, width := binary.Varint([]byte(block[:min(len(block), binary.MaxVarintLen64)]))
	return n, block[width:]
}
