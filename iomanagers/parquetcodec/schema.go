package parquetcodec

import (
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"
)

// schemaOf returns the schema of a file with the rows of root. encodings has one encoding, or
// nil, for each column.
func schemaOf(root *node, encodings []encoding.Encoding) *parquet.Schema {
	return parquet.NewSchema(root.name, fieldsOf(root, encodings))
}

// ordered is a group whose fields stay in the order of the Go fields.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

type field struct {
	parquet.Node
	name string
}

func (f field) Name() string                         { return f.name }
func (field) Value(base reflect.Value) reflect.Value { return base }

func fieldsOf(n *node, encodings []encoding.Encoding) parquet.Node {
	var o ordered
	for _, child := range n.nodes {
		o.fields = append(o.fields, field{inFile(child, encodings), child.name})
	}
	return o
}

// inFile returns what n is in a file.
func inFile(n *node, encodings []encoding.Encoding) parquet.Node {
	var in parquet.Node
	switch n.shape {
	case leaf:
		in = parquet.Leaf(n.kind)
		if encodings[n.column] != nil {
			in = parquet.Encoded(in, encodings[n.column])
		}
		if codec := compressions[n.tag.compression]; codec != nil {
			in = parquet.Compressed(in, codec)
		}
	case group:
		in = fieldsOf(n, encodings)
	case list:
		in = annotated{ordered{fields: []parquet.Field{field{parquet.Repeated(fieldsOf(n, encodings)), "list"}}}, listType}
	case dict:
		in = annotated{ordered{fields: []parquet.Field{field{parquet.Repeated(fieldsOf(n, encodings)), "key_value"}}}, mapType}
	}
	if n.optional() {
		in = parquet.Optional(in)
	}
	return in
}

// annotated is a group that is a list or a map.
type annotated struct {
	ordered
	kind parquet.Type
}

func (a annotated) Type() parquet.Type { return a.kind }

var (
	listType = parquet.List(parquet.Int(64)).Type()
	mapType  = parquet.Map(parquet.String(), parquet.Int(64)).Type()

	compressions = map[string]compress.Codec{
		"snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd, "uncompressed": &parquet.Uncompressed,
	}
)
