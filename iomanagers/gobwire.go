package iomanagers

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
)

// gobWire passes a gob stream on to the decoder, and looks at each message before the decoder
// sees it. A stream defines its types before their values. So the fields of the file are compared
// with those of the Go type before a value is decoded. encoding/gob itself matches fields by name,
// and says nothing of those without a partner.
type gobWire struct {
	r      *bufio.Reader
	goType reflect.Type
	rules  rules

	defined map[int64]gobDefinition
	fits    map[int64]bool // the types of values that were compared
	narrow  bool           // the Go type may round floats
	row     int            // the number of the next row, if they are looked at

	head bytes.Buffer // what of the message was looked at, and is still to be passed on
	left int64        // how many bytes of the message follow
}

// gobDefinition is the definition of a type on the wire. One of its pointers is not nil. Its fields
// have the names that encoding/gob gives them, and all of them must be present. Each stored type
// has a Go type of its own here, since encoding/gob mixes up two stored types that become one Go
// type.
type gobDefinition struct {
	ArrayT                                        *gobArray
	SliceT                                        *gobSlice
	StructT                                       *gobStruct
	MapT                                          *gobMap
	GobEncoderT, BinaryMarshalerT, TextMarshalerT *gobOpaque
}

type (
	gobArray struct {
		CommonType gobCommon
		Elem, Len  int64
	}
	gobSlice struct {
		CommonType gobCommon
		Elem       int64
	}
	gobMap struct {
		CommonType gobCommon
		Key, Elem  int64
	}
	gobStruct struct {
		CommonType gobCommon
		Field      []gobField
	}
	gobOpaque struct{ CommonType gobCommon }
	gobCommon struct {
		Name string
		Id   int64 // the name on the wire
	}
	gobField struct {
		Name string
		Id   int64
	}
)

func newGobDecoder(r io.Reader, t reflect.Type, rules rules) *gob.Decoder {
	return gob.NewDecoder(&gobWire{
		narrow: isNarrow(t, map[reflect.Type]bool{}),
		r:      bufio.NewReaderSize(r, chunk), goType: t, rules: rules, defined: map[int64]gobDefinition{}, fits: map[int64]bool{},
	})
}

func (w *gobWire) ReadByte() (byte, error) {
	if err := w.fill(); err != nil {
		return 0, err
	}
	if w.head.Len() > 0 {
		return w.head.ReadByte()
	}
	w.left--
	return w.r.ReadByte()
}

func (w *gobWire) Read(p []byte) (int, error) {
	if err := w.fill(); err != nil {
		return 0, err
	}
	if w.head.Len() > 0 {
		return w.head.Read(p)
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	return n, err
}

// fill looks at the next message if nothing is left of the last one.
func (w *gobWire) fill() error {
	for w.head.Len() == 0 && w.left == 0 {
		if err := w.message(); err != nil {
			return err
		}
	}
	return nil
}

// message looks at the beginning of a message: its length, and the number of its type. A negative
// number says that the definition of that type follows. What makes no sense is passed on: the
// decoder refuses it.
func (w *gobWire) message() error {
	length, _, err := w.number()
	if err == io.EOF && w.head.Len() == 0 { //nolint:errorlint // only a bare io.EOF is the end
		return io.EOF
	}
	if err != nil || length == 0 {
		return w.passOn(0, err)
	}
	id, width, err := w.number()
	rest := int64(min(length, math.MaxInt64)) - width
	if err != nil || rest < 0 {
		return w.passOn(math.MaxInt64, err)
	}
	if id&1 != 0 {
		return w.definition(int64(id>>1)+1, rest)
	}
	w.left = rest
	if err := w.compare(int64(id >> 1)); err != nil || !w.narrow {
		return err
	}
	return w.round(int64(id>>1), rest)
}

// round looks for floats of a value that the Go type would round.
func (w *gobWire) round(id, length int64) error {
	before := w.head.Len()
	read, err := io.CopyN(&w.head, w.r, length)
	if w.left -= read; err != nil {
		return w.passOn(0, err)
	}
	n := gobNarrow{defined: w.defined, data: w.head.Bytes()[before:], row: w.row}
	err = n.check(id, w.goType)
	w.row = n.row
	return err
}

// passOn lets the decoder see the bytes that were read and more. The end of the stream comes after them.
func (w *gobWire) passOn(more int64, err error) error {
	w.left = more
	if err == nil || w.head.Len() > 0 && (err == io.EOF || err == io.ErrUnexpectedEOF) { //nolint:errorlint // as above
		return nil
	}
	return err
}

// number reads an unsigned number of gob: a byte up to 127, or the negated count of the bytes that
// follow.
func (w *gobWire) number() (n uint64, width int64, err error) {
	first, err := w.r.ReadByte()
	if err != nil {
		return 0, 0, err
	}
	w.head.WriteByte(first)
	if first <= 0x7f {
		return uint64(first), 1, nil
	}
	digits := -int(int8(first))
	if digits > 8 {
		return math.MaxUint64, 1, nil // the decoder refuses it
	}
	var bytes [8]byte
	read, err := io.ReadFull(w.r, bytes[8-digits:])
	w.head.Write(bytes[8-digits : 8-digits+read])
	return binary.BigEndian.Uint64(bytes[:]), int64(1 + digits), err
}

// longestDefinition is far more than the names of the fields of any struct take.
const longestDefinition = 16 << 20

// definition reads the definition of a type.
func (w *gobWire) definition(id, length int64) error {
	if length > longestDefinition {
		return fmt.Errorf("the definition of a type takes %d bytes, which no type needs", length)
	}
	var body bytes.Buffer
	_, err := io.CopyN(&body, w.r, length)
	w.head.Write(body.Bytes())
	if err != nil {
		return w.passOn(0, err)
	}
	// A definition is a value of a type that every decoder knows, by this number. So a decoder reads
	// it like any other value.
	const typeOfDefinitions = 16
	value := binary.BigEndian.AppendUint64([]byte{0xf8}, uint64(1+length)) // 8 bytes of length
	value = append(append(value, typeOfDefinitions<<1), body.Bytes()...)
	var defined gobDefinition
	if gob.NewDecoder(bytes.NewReader(value)).Decode(&defined) == nil {
		w.defined[id] = defined
	}
	return nil // if it can't be read, the decoder says why
}

// compare compares the type of a value with the Go type.
func (w *gobWire) compare(id int64) error {
	if w.fits[id] {
		return nil
	}
	c := gobComparison{gobWire: w, seen: map[gobPair]bool{}, structs: map[reflect.Type]int64{}}
	c.types(id, w.goType, "")
	if len(c.faults) > 0 {
		return fmt.Errorf("%w: %s", ErrType, strings.Join(c.faults, "; "))
	}
	w.fits[id] = true
	return nil
}

// gobComparison gathers the fields that a stored type and a Go type do not share. Other differences
// are left to the decoder, which refuses them.
type gobComparison struct {
	*gobWire
	seen    map[gobPair]bool
	structs map[reflect.Type]int64 // the first stored type of each
	faults  []string
}

type gobPair struct {
	id int64
	t  reflect.Type
}

func (c *gobComparison) types(id int64, t reflect.Type, path string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if _, decodes := gobMarshals(t); decodes || c.seen[gobPair{id, t}] {
		return
	}
	c.seen[gobPair{id, t}] = true
	stored := c.defined[id]
	switch {
	case t.Kind() == reflect.Struct && stored.StructT != nil:
		if first, met := c.structs[t]; met && !c.alike(first, id) {
			c.fault("%s is a %v, which stands for two stored types with other fields or another order of them: declare two types",
				strings.TrimSuffix("field "+path, "."), t)
			return
		}
		c.structs[t] = id
		c.fields(stored.StructT.Field, t, path)
	case t.Kind() == reflect.Slice && stored.SliceT != nil:
		c.types(stored.SliceT.Elem, t.Elem(), path)
	case t.Kind() == reflect.Array && stored.ArrayT != nil:
		c.types(stored.ArrayT.Elem, t.Elem(), path)
	case t.Kind() == reflect.Map && stored.MapT != nil:
		c.types(stored.MapT.Key, t.Key(), path)
		c.types(stored.MapT.Elem, t.Elem(), path)
	}
}

// alike says that two stored structs have the same fields. The decoder reads the values of both as
// it reads those of the first, if they become one Go type.
func (c *gobComparison) alike(a, b int64) bool {
	return slices.EqualFunc(c.defined[a].StructT.Field, c.defined[b].StructT.Field, func(a, b gobField) bool {
		_, definedA := c.defined[a.Id]
		_, definedB := c.defined[b.Id]
		return a.Name == b.Name && (a.Id == b.Id || definedA && definedB)
	})
}

func (c *gobComparison) fields(stored []gobField, t reflect.Type, path string) {
	ids := map[string]int64{}
	var unknown, wanted []string
	for _, f := range stored {
		ids[f.Name] = f.Id
		if wanted, ok := t.FieldByName(f.Name); !ok || len(wanted.Index) > 1 {
			unknown = append(unknown, f.Name)
		}
	}
	for f := range fields(t) {
		wanted = append(wanted, f.Name)
		id, ok := ids[f.Name]
		if !ok {
			c.fault("field %s%s of the type is not in the file%s", path, f.Name, near(f.Name, unknown))
			continue
		}
		c.types(id, f.Type, path+f.Name+".")
	}
	for _, name := range unknown {
		if !c.rules.unknown {
			c.fault("field %s%s of the file is not in the type%s", path, name, near(name, wanted))
		}
	}
}

func (c *gobComparison) fault(format string, args ...any) {
	if len(c.faults) < mostFaults {
		c.faults = append(c.faults, fmt.Sprintf(format, args...))
	}
}
