package parquetcodec_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// outside has a column of each kind that other programs can read.
type outside struct {
	ID     int64             `json:"id" parquet:"id"`
	Word   string            `json:"word" parquet:"word"`
	Maybe  *string           `json:"maybe" parquet:"maybe"`
	Price  float64           `json:"price" parquet:"price"`
	Small  int8              `json:"small" parquet:"small"`
	Large  uint64            `json:"large" parquet:"large"`
	Flag   bool              `json:"flag" parquet:"flag"`
	Nano   time.Time         `json:"-" parquet:"nano"`
	Micro  time.Time         `json:"-" parquet:"micro,timestamp(microsecond)"`
	Clock  time.Time         `json:"-" parquet:"clock,timestamp(millisecond:local)"`
	Day    *time.Time        `json:"-" parquet:"day,date"`
	Cents  int64             `json:"-" parquet:"cents,decimal(2:18)"`
	Tags   []*string         `json:"tags" parquet:"tags"`
	Spots  []*spotJSON       `json:"spots" parquet:"spots"`
	Deep   [][]int32         `json:"deep" parquet:"deep"`
	Counts map[string]*int64 `json:"counts" parquet:"counts"`
	Spot   *spotJSON         `json:"spot" parquet:"spot"`
}

type spotJSON struct {
	X int64   `json:"x" parquet:"x"`
	Y *string `json:"y" parquet:"y"`
}

// MarshalJSON writes what check.py makes of the columns.
func (o outside) MarshalJSON() ([]byte, error) {
	const layout = "2006-01-02T15:04:05.000000"
	type fields outside
	var day *string
	if o.Day != nil {
		day = new(o.Day.Format(time.DateOnly))
	}
	return json.Marshal(struct {
		fields
		Nano  string  `json:"nano"`
		Micro string  `json:"micro"`
		Clock string  `json:"clock"`
		Day   *string `json:"day"`
		Cents string  `json:"cents"`
	}{fields(o), o.Nano.Format(layout), o.Micro.Format(layout), o.Clock.Format(layout), day, fmt.Sprintf("%d.%02d", o.Cents/100, o.Cents%100)})
}

func outsideRows(n int) []outside {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)
	rows := make([]outside, n)
	for i := range rows {
		rows[i] = outside{
			ID: int64(i) - 5, Word: []string{"tea", "", "ü"}[i%3], Price: float64(i%7) / 4, Small: int8(i), Large: uint64(i) << 40, Flag: i%2 == 0,
			Nano: at.Add(time.Duration(i) * time.Second), Micro: time.Date(1+i%9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), Clock: at, Cents: int64(i % 1000),
		}
		switch i % 4 {
		case 0:
			rows[i].Maybe, rows[i].Day = new("x"), new(time.Date(1900+i%200, 1, 31, 0, 0, 0, 0, time.UTC))
			rows[i].Tags, rows[i].Spots = []*string{nil, new("a")}, []*spotJSON{nil, {1, nil}, {2, new("y")}}
		case 1:
			rows[i].Tags, rows[i].Deep, rows[i].Counts = []*string{}, [][]int32{{1, 2}, {}, nil}, map[string]*int64{"a": nil, "b": new(int64(i))}
		case 2:
			rows[i].Spot, rows[i].Deep, rows[i].Counts = &spotJSON{int64(i), new("here")}, [][]int32{}, map[string]*int64{}
		}
	}
	return rows
}

func TestOtherProgramsReadTheSameRows(t *testing.T) {
	python := os.Getenv("FXRUN_PYTHON")
	if python == "" {
		t.Skip("FXRUN_PYTHON names no interpreter that has pandas, polars, pyarrow and duckdb")
	}
	for _, n := range []int{0, 1, 4, 9000} {
		folder := t.TempDir()
		rows := outsideRows(n)
		text, err := json.Marshal(rows)
		if err != nil {
			t.Fatal(err)
		}
		file, expected := filepath.Join(folder, "rows.parquet"), filepath.Join(folder, "rows.json")
		for name, data := range map[string][]byte{file: encoded(t, rows), expected: text} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if output, err := exec.CommandContext(t.Context(), python, "testdata/check.py", file, expected).CombinedOutput(); err != nil {
			t.Errorf("%d rows: %v\n%.3000s", n, err, output)
		}
	}
}
