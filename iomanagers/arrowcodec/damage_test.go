package arrowcodec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	flatbuffers "github.com/google/flatbuffers/go"
	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
)

// probe has a column of each kind that is read in another way.
type probe struct {
	ID    int64
	Name  string
	Paid  *bool
	At    time.Time
	Tags  []string
	Inner struct {
		Depth int32
		Blob  []byte
		Key   [4]byte
	}
	Part *struct{ Share float32 }
	By   map[string]int16
}

func probes() []probe {
	paid := true
	rows := []probe{{ID: 1, Name: "tea", Paid: &paid, At: time.Unix(1, 0).UTC(), Tags: []string{"a", "bc"}}, {ID: 2, At: time.Unix(2, 0).UTC(), Tags: []string{"d"}}}
	rows[0].Inner.Blob = []byte{1, 2, 3}
	rows[0].By = map[string]int16{"x": 1, "y": 2}
	rows[1].Part = &struct{ Share float32 }{0.5}
	return rows
}

// seeds are files of every kind, small ones.
func seeds(t testing.TB) map[string][]byte {
	all := map[string][]byte{"rows": encoded(t, probes()), "records": encoded(t, everyKind(t))}
	// What is compressed may stand for much, and takes as long to refuse.
	few := without(everyKind(t), arrow.NULL)
	for few.NumCols() > 3 {
		few = without(few, few.Column(0).DataType().ID())
	}
	for name, option := range map[string]ipc.Option{"LZ4": ipc.WithLZ4(), "Zstandard": ipc.WithZstd()} {
		all[name] = written(t, few, option)
	}
	return all
}

// written returns a file as another program would write it.
func written(t testing.TB, record arrow.RecordBatch, options ...ipc.Option) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := ipc.NewFileWriter(&b, append(options, ipc.WithSchema(record.Schema()))...)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(record), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// readAll reads data as rows and as record batches, and looks at each value.
func readAll(data []byte) error {
	var rows []probe
	var records []arrow.RecordBatch
	err := arrowcodec.Arrow().Decode(bytes.NewReader(data), &rows)
	if fault := arrowcodec.Arrow().Decode(bytes.NewReader(data), &records); fault != nil {
		return errors.Join(err, fault)
	}
	for _, record := range records {
		for _, column := range record.Columns() {
			if strings.HasPrefix(column.DataType().Name(), "decimal") {
				continue // as text it stands on a scale that nothing else depends on
			}
			for i := range min(column.Len(), 1000) {
				_ = column.ValueStr(i)
			}
		}
	}
	return err
}

func TestATruncatedFileIsAnErrorNotAPanic(t *testing.T) {
	t.Parallel()
	for name, data := range seeds(t) {
		for n := range data {
			var got []arrow.RecordBatch
			if err := arrowcodec.Arrow().Decode(bytes.NewReader(data[:n]), &got); err == nil {
				t.Errorf("%s: the first %d of %d bytes give %v and no error", name, n, len(data), got)
			}
		}
	}
}

// TestADamagedFileIsNotTheEnd turns bits over. Without checks many of them ask for terabytes,
// which ends the process.
func TestADamagedFileIsNotTheEnd(t *testing.T) {
	t.Parallel()
	for name, data := range seeds(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			damaged := bytes.Clone(data)
			for i := len(data) / 4; i < len(data); i++ { // the schema at the beginning comes again at the end, and is read there
				for _, flip := range []byte{1, 0xc0} {
					damaged[i] = data[i] ^ flip
					_ = readAll(damaged)
				}
				damaged[i] = data[i]
			}
		})
	}
}

// nested returns a file with an index only: columns in each other, each listed several times.
func nested(depth, times int) []byte {
	b := flatbuffers.NewBuilder(0)
	listed := func(column flatbuffers.UOffsetT) flatbuffers.UOffsetT {
		b.StartVector(4, times, 4)
		for range times {
			b.PrependUOffsetT(column)
		}
		return b.EndVector(times)
	}
	b.StartObject(7)
	column := b.EndObject()
	for range depth {
		children := listed(column)
		b.StartObject(7)
		b.PrependUOffsetTSlot(5, children, 0)
		column = b.EndObject()
	}
	columns := listed(column)
	b.StartObject(4)
	b.PrependUOffsetTSlot(1, columns, 0)
	schema := b.EndObject()
	b.StartObject(5)
	b.PrependUOffsetTSlot(1, schema, 0)
	b.Finish(b.EndObject())

	file := append([]byte("ARROW1\x00\x00"), b.FinishedBytes()...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(b.FinishedBytes())))
	return append(file, "ARROW1"...)
}

// TestColumnsWithoutEndAreAnError reads files of some hundred bytes whose columns, taken one by one,
// take for ever or more stack than there is.
func TestColumnsWithoutEndAreAnError(t *testing.T) {
	t.Parallel()
	for want, file := range map[string][]byte{
		"a list of 2 entries does not fit":            nested(40, 2),
		"columns lie in each other more than 64 deep": nested(100, 1),
	} {
		var got []arrow.RecordBatch
		if err := arrowcodec.Arrow().Decode(bytes.NewReader(file), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Decode gives %v, want %q", err, want)
		}
	}
}

func TestOtherFilesAreErrors(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"", "ARROW1", "ARROW1\x00\x00ARROW1", strings.Repeat("\xff", 100), "\xff\xff\xff\x7fARROW1"} {
		if err := readAll([]byte(data)); err == nil {
			t.Errorf("%q is read without an error", data)
		}
	}
}

func TestTheErrorOfAReaderComesThrough(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	data := encoded(t, probes())
	at := &flakyReader{Reader: bytes.NewReader(data), fault: broken}
	for at.good = 0; ; at.good++ {
		at.reads = 0
		var rows []probe
		err := arrowcodec.Arrow().Decode(at, &rows)
		if err == nil {
			break
		}
		if !errors.Is(err, broken) {
			t.Errorf("after %d reads: %v", at.good, err)
		}
	}
	if at.good < 4 {
		t.Errorf("the file is read in %d pieces", at.good)
	}
	var rows []probe
	if err := arrowcodec.Arrow().Decode(iotest.ErrReader(broken), &rows); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// flakyReader fails after some good reads.
type flakyReader struct {
	*bytes.Reader
	good, reads int
	fault       error
}

func (r *flakyReader) ReadAt(p []byte, off int64) (int, error) {
	if r.reads++; r.reads > r.good {
		return 0, r.fault
	}
	return r.Reader.ReadAt(p, off)
}

// eager tells of the end together with the last bytes, as an io.ReaderAt may.
type eager struct{ *bytes.Reader }

func (r eager) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(p, off)
	if err == nil && off+int64(n) == r.Size() {
		err = io.EOF
	}
	return n, err
}

func TestRowsComeBackFromAnyReader(t *testing.T) {
	t.Parallel()
	data := encoded(t, probes())
	for name, r := range map[string]io.Reader{
		"at any offset":           bytes.NewReader(data),
		"at any offset, eager":    eager{bytes.NewReader(data)},
		"in sequence":             io.MultiReader(bytes.NewReader(data)),
		"in sequence, bytewise":   iotest.OneByteReader(bytes.NewReader(data)),
		"of the file's own bytes": strings.NewReader(string(data)),
	} {
		var got []probe
		if err := arrowcodec.Arrow().Decode(r, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(probes(), got, equal()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = readAll(data) // no panic, no end of the process
	})
}
