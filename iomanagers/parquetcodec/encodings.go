package parquetcodec

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
)

// encodingOf returns the encoding of a column, of which sample are the first values. Texts and
// bytes go into a dictionary, which parquet-go gives up when it becomes large. Numbers do if
// there are few. Otherwise, whole numbers and times are stored as differences, since they often
// count up.
func encodingOf(n *node, sample []parquet.Value) encoding.Encoding {
	kind := n.kind.Kind()
	switch n.tag.encoding {
	case "dict":
		if kind != parquet.Boolean {
			return &parquet.RLEDictionary
		}
	case "plain":
		return &parquet.Plain
	case "delta":
		if delta := deltaOf(kind); delta != nil {
			return delta
		}
	}
	if kind == parquet.Boolean {
		return &parquet.Plain
	}
	if kind == parquet.ByteArray || kind == parquet.FixedLenByteArray || few(sample) {
		return &parquet.RLEDictionary
	}
	if delta := deltaOf(kind); delta != nil {
		return delta
	}
	return &parquet.Plain
}

func deltaOf(kind parquet.Kind) encoding.Encoding {
	if kind == parquet.Int32 || kind == parquet.Int64 {
		return &parquet.DeltaBinaryPacked
	}
	if kind == parquet.ByteArray {
		return &parquet.DeltaLengthByteArray
	}
	return nil
}

// few reports whether the numbers of sample repeat themselves.
func few(sample []parquet.Value) bool {
	const enough = 64
	different, n := map[uint64]struct{}{}, 0
	for _, v := range sample {
		if !v.IsNull() {
			n++
			different[v.Uint64()] = struct{}{}
		}
	}
	return n >= enough && len(different) <= n/4
}
