package arrowcodec_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

type sale struct {
	ID     int64
	Item   string
	Amount float64
	Paid   bool
	At     time.Time
}

// BenchmarkRows writes and reads a million rows.
func BenchmarkRows(b *testing.B) {
	const n = 1_000_000
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sales := make([]sale, n)
	for i := range sales {
		sales[i] = sale{int64(i), fmt.Sprint("item ", i%1000), float64(i) / 4, i%2 == 0, at.Add(time.Duration(i) * time.Second)}
	}
	for _, codec := range []iomanagers.RowCodec{arrowcodec.Arrow().(iomanagers.RowCodec), parquetcodec.Parquet().(iomanagers.RowCodec)} {
		var file bytes.Buffer
		b.Run(codec.Name()+"/write", func(b *testing.B) {
			for b.Loop() {
				file.Reset()
				if err := codec.Encode(&file, sales); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
			b.ReportMetric(float64(file.Len())/n, "bytes/row")
		})
		b.Run(codec.Name()+"/read", func(b *testing.B) {
			batch := make([]sale, 1024)
			for b.Loop() {
				decoder, err := codec.NewRowDecoder(bytes.NewReader(file.Bytes()), reflect.TypeFor[[]sale]())
				if err != nil {
					b.Fatal(err)
				}
				read := 0
				for read < n {
					clear(batch)
					some := batch[:0]
					if err := decoder.Read(&some); err != nil {
						b.Fatal(err)
					}
					if some[0] != sales[read] {
						b.Fatal(some[0])
					}
					read += len(some)
				}
				if err := decoder.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}
