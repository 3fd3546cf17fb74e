package bench_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// BenchmarkRows writes and reads rows with each codec, and by hand with the libraries that a program
// would use instead. Arrow is measured in its own module.
func BenchmarkRows(b *testing.B) {
	sales := make([]sale, 200_000)
	for i := range sales {
		sales[i] = saleOf(i)
	}
	for _, codec := range sliceCodecs() {
		b.Run("fxrun/"+codec.Name(), func(b *testing.B) {
			benchmarkRows(b, sales, func(w io.Writer) error { return codec.Encode(w, sales) }, func(file []byte, each func(*sale)) error {
				decoder, err := codec.NewRowDecoder(bytes.NewReader(file), reflect.TypeFor[[]sale]())
				if err != nil {
					return err
				}
				batch := make([]sale, 0, 1024)
				for {
					clear(batch[:cap(batch)])
					batch = batch[:0]
					if err := decoder.Read(&batch); errors.Is(err, io.EOF) {
						return decoder.Close()
					} else if err != nil {
						return err
					}
					for i := range batch {
						each(&batch[i])
					}
				}
			})
		})
	}
	b.Run("by hand/csv", func(b *testing.B) {
		benchmarkRows(b, sales, func(w io.Writer) error { return writeCSVByHand(w, sales) }, readCSVByHand)
	})
	b.Run("by hand/jsonl", func(b *testing.B) {
		benchmarkRows(b, sales, func(w io.Writer) error { return writeJSONByHand(w, sales) }, readJSONByHand)
	})
	b.Run("by hand/parquet", func(b *testing.B) {
		benchmarkRows(b, sales, func(w io.Writer) error { return writeParquetByHand(w, sales) }, readParquetByHand)
	})
}

func benchmarkRows(b *testing.B, sales []sale, write func(io.Writer) error, read func(file []byte, each func(*sale)) error) {
	var file bytes.Buffer
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			file.Reset()
			if err := write(&file); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(sales)), "ns/row")
		b.ReportMetric(float64(file.Len())/float64(len(sales)), "bytes/row")
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			n := 0
			if err := read(file.Bytes(), func(s *sale) {
				if s.ID != sales[n].ID || !s.At.Equal(sales[n].At) {
					b.Fatalf("row %d is %+v", n, s)
				}
				n++
			}); err != nil || n != len(sales) {
				b.Fatalf("%d rows, %v", n, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(sales)), "ns/row")
	})
}

func writeCSVByHand(w io.Writer, sales []sale) error {
	lines := csv.NewWriter(w)
	record := []string{"ID", "Customer", "Item", "Price", "Count", "At"}
	_ = lines.Write(record) // Error tells
	for i := range sales {
		s := &sales[i]
		record[0], record[1], record[2] = strconv.FormatInt(s.ID, 10), s.Customer, s.Item
		record[3], record[4] = strconv.FormatFloat(s.Price, 'f', -1, 64), strconv.FormatInt(s.Count, 10)
		record[5] = s.At.Format(time.RFC3339Nano)
		_ = lines.Write(record)
	}
	lines.Flush()
	return lines.Error()
}

func readCSVByHand(file []byte, each func(*sale)) error {
	lines := csv.NewReader(bytes.NewReader(file))
	lines.ReuseRecord = true
	if _, err := lines.Read(); err != nil {
		return err
	}
	for {
		record, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s := sale{Customer: record[1], Item: record[2]}
		var errs [4]error
		s.ID, errs[0] = strconv.ParseInt(record[0], 10, 64)
		s.Price, errs[1] = strconv.ParseFloat(record[3], 64)
		s.Count, errs[2] = strconv.ParseInt(record[4], 10, 64)
		s.At, errs[3] = time.Parse(time.RFC3339, record[5])
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
		each(&s)
	}
}

func writeJSONByHand(w io.Writer, sales []sale) error {
	encoder := json.NewEncoder(w)
	for i := range sales {
		if err := encoder.Encode(&sales[i]); err != nil {
			return err
		}
	}
	return nil
}

func readJSONByHand(file []byte, each func(*sale)) error {
	decoder := json.NewDecoder(bytes.NewReader(file))
	for {
		var s sale
		if err := decoder.Decode(&s); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		each(&s)
	}
}

func writeParquetByHand(w io.Writer, sales []sale) error {
	columns := parquet.NewGenericWriter[sale](w, parquet.Compression(&parquet.Zstd))
	if _, err := columns.Write(sales); err != nil {
		return err
	}
	return columns.Close()
}

func readParquetByHand(file []byte, each func(*sale)) error {
	reader := parquet.NewGenericReader[sale](bytes.NewReader(file))
	defer reader.Close()
	batch := make([]sale, 1024)
	for {
		n, err := reader.Read(batch)
		for i := range batch[:n] {
			each(&batch[i])
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
