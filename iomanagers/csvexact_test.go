package iomanagers_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
)

// CSV reads and writes plain numbers and times by code of its own. These tests hold it to what
// strconv and time make of the same values and texts.

type exactNumber struct{ F float64 }

func numbersOfAllKinds() []float64 {
	random := rand.New(rand.NewPCG(1, 2))
	all := []float64{0, math.Copysign(0, -1), 1, -1, 0.001, 0.0009, 0.0011, 999_999.999, 999_999.9999, 1e6, 1e-3, 0.1 + 0.2, 0.29, 0.57, 4.35, 1e15, 1 << 53, math.Pi, math.SmallestNonzeroFloat64, math.MaxFloat64}
	for range 20_000 {
		scaled := float64(random.IntN(2_000_000_000)-1_000_000_000) / []float64{1, 10, 100, 1000, 10_000, 1e5}[random.IntN(6)]
		all = append(all, scaled, math.Nextafter(scaled, 0), math.Float64frombits(random.Uint64()), random.NormFloat64())
	}
	return all
}

func TestCSVWritesTheShortestTextOfEachNumber(t *testing.T) {
	t.Parallel()
	var rows []exactNumber
	want := []byte("F\n")
	for _, f := range numbersOfAllKinds() {
		rows = append(rows, exactNumber{f})
		want = append(strconv.AppendFloat(want, f, 'G', -1, 64), '\n')
	}
	var got bytes.Buffer
	if err := iomanagers.CSV().Encode(&got, rows); err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range wantLines {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%v is written as %q, want %q", rows[i-1].F, gotLines[i], wantLines[i])
		}
	}
}

func TestCSVReadsNumbersAsStrconvDoes(t *testing.T) {
	t.Parallel()
	texts := []string{"0", "-0", "00", "-", "", "+1", "1.", ".5", "-.5", "1..2", "1.2.3", "1e3", "1E5", "0.1", "999999999999999", "9999999999999999", "123456789012345.6", "12345678901234.56", "0.000000000000001", "0.30000000000000004", "1_0", "0x1", " 1", "1 ", "NaN", "inf", "-Inf", "1.0", "1.50", "127", "128", "-128", "-129", "255", "256", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616", "1.0000000000000000"}
	for _, f := range numbersOfAllKinds()[:4000] {
		texts = append(texts, strconv.FormatFloat(f, 'f', -1, 64), strconv.FormatFloat(f, 'f', 3, 64), strconv.FormatFloat(f, 'g', -1, 64))
	}
	for _, text := range texts {
		if text == "" {
			continue
		}
		float, err := strconv.ParseFloat(text, 64)
		holdNumber(t, text, float, err == nil && !strings.ContainsAny(text, "_xX"))
		narrow, err := strconv.ParseFloat(text, 32)
		holdNumber(t, text, float32(narrow), err == nil && !strings.ContainsAny(text, "_xX"))
		if digits, fraction, _ := strings.Cut(text, "."); strings.Trim(fraction, "0") != "" || fraction == "" && digits != text {
			continue // no whole number
		} else if fraction != "" {
			text = digits
		}
		long, err := strconv.ParseInt(text, 10, 64)
		holdNumber(t, text, long, err == nil)
		short, err := strconv.ParseInt(text, 10, 8)
		holdNumber(t, text, int8(short), err == nil)
		unsigned, err := strconv.ParseUint(text, 10, 64)
		holdNumber(t, text, unsigned, err == nil)
		octet, err := strconv.ParseUint(text, 10, 8)
		holdNumber(t, text, uint8(octet), err == nil)
	}
}

// holdNumber checks what CSV reads in place of a number of type T.
func holdNumber[T any](t *testing.T, text string, want T, ok bool) {
	t.Helper()
	var got []struct{ V T }
	err := iomanagers.CSV().Decode(strings.NewReader("V\n"+text+"\n"), &got)
	switch {
	case (err == nil) != ok:
		t.Errorf("%q as a %T: error %v, want %v", text, want, err, want)
	case ok && fmt.Sprint(got[0].V) != fmt.Sprint(want): // which tells -0 from 0, and equals NaN
		t.Errorf("%q is read as %v, want %v", text, got[0].V, want)
	}
}

func TestCSVReadsAndWritesTimesAsPackageTimeDoes(t *testing.T) {
	t.Parallel()
	t.Run("RFC 3339", func(t *testing.T) {
		t.Parallel()
		holdTimes(t, func(all []time.Time) any {
			rows := make([]struct{ V time.Time }, len(all))
			for i := range all {
				rows[i].V = all[i]
			}
			return rows
		}, time.RFC3339Nano)
	})
	t.Run("2006-01-02 15:04:05", func(t *testing.T) {
		t.Parallel()
		holdTimes(t, func(all []time.Time) any {
			rows := make([]struct {
				V time.Time `layout:"2006-01-02 15:04:05"`
			}, len(all))
			for i := range all {
				rows[i].V = all[i].Truncate(time.Second)
			}
			return rows
		}, time.DateTime)
	})
	t.Run("2006-01-02", func(t *testing.T) {
		t.Parallel()
		holdTimes(t, func(all []time.Time) any {
			rows := make([]struct {
				V time.Time `layout:"2006-01-02"`
			}, len(all))
			for i := range all {
				rows[i].V = all[i].Truncate(24 * time.Hour)
			}
			return rows
		}, time.DateOnly)
	})
}

func holdTimes(t *testing.T, rowsOf func([]time.Time) any, layout string) {
	random := rand.New(rand.NewPCG(3, 4))
	var all []time.Time
	for range 5000 {
		at := time.Unix(random.Int64N(250_000_000_000)-62_000_000_000, random.Int64N(2)*random.Int64N(1e9)).UTC()
		all = append(all, at, at.In(time.FixedZone("", 60*(random.IntN(1440)-720))))
	}
	rows := rowsOf(all)
	var text bytes.Buffer
	if err := iomanagers.CSV().Encode(&text, rows); err != nil {
		t.Fatal(err)
	}
	want := bytes.NewBufferString("V\n")
	for _, at := range all {
		if layout != time.RFC3339Nano {
			at = at.UTC()
		}
		fmt.Fprintln(want, at.Format(layout))
	}
	if got, want := strings.Split(text.String(), "\n"), strings.Split(want.String(), "\n"); true {
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("line %d is %q, want %q", i, got[i], want[i])
			}
		}
	}
	for _, wrong := range []string{"2026-02-29", "2024-02-29", "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2o26-01-01", "20260101", "2026-1-01", "+026-01-01", "0000-01-01", "9999-12-31"} {
		for _, clock := range []string{"", " 00:00:00", "T00:00:00Z", "T23:59:59Z", "T24:00:00Z", " 24:00:00", "T00:60:00Z", "T00:00:60Z", " 23:59:60", "T1:00:00Z", "T00:00:00", "T00:00:00z", "t00:00:00Z", "T00:00:00.5Z", " 00:00:00.123456789", "T00:00:00.1234567891Z", "T00:00:00.Z", "T00:00:00,5Z", " 00:00:00,5", "T00:00:00.-5Z", "T00:00:00+01:00", " 0a:00:00", "T00-00:00Z"} {
			holdTime(t, wrong+clock, layout)
		}
	}
}

func holdTime(t *testing.T, text, layout string) {
	t.Helper()
	var got []time.Time
	decode := func(rows any, values func() []time.Time) error {
		err := iomanagers.CSV(iomanagers.CSVComma(';')).Decode(strings.NewReader("V\n"+text+"\n"), rows)
		got = values()
		return err
	}
	var err, wantErr error
	var want time.Time
	switch layout {
	case time.RFC3339Nano:
		var rows []struct{ V time.Time }
		err = decode(&rows, func() (all []time.Time) {
			for _, row := range rows {
				all = append(all, row.V)
			}
			return all
		})
		wantErr = want.UnmarshalText([]byte(text))
	case time.DateTime:
		var rows []struct {
			V time.Time `layout:"2006-01-02 15:04:05"`
		}
		err = decode(&rows, func() (all []time.Time) {
			for _, row := range rows {
				all = append(all, row.V)
			}
			return all
		})
		want, wantErr = time.Parse(layout, text)
	case time.DateOnly:
		var rows []struct {
			V time.Time `layout:"2006-01-02"`
		}
		err = decode(&rows, func() (all []time.Time) {
			for _, row := range rows {
				all = append(all, row.V)
			}
			return all
		})
		want, wantErr = time.Parse(layout, text)
	}
	if strings.Contains(text, ".1234567891") {
		wantErr = iomanagers.ErrType // package time would cut it
	}
	if (err == nil) != (wantErr == nil) || err == nil && got[0] != want {
		t.Errorf("%q is read as %v, %v, want %v, %v", text, got, err, want, wantErr)
	}
}

// Strings of a column that repeat themselves are shared, and those of a plain text are found in
// eight bytes at a time: each field must come back as it was, wherever it lies.
func TestCSVReadsFieldsOfEveryLength(t *testing.T) {
	t.Parallel()
	type row struct{ A, B, C string }
	random := rand.New(rand.NewPCG(5, 6))
	word := func() string {
		// The last ones end with the byte of a comma, or its neighbours, and one bit more.
		letters := []string{"a", "b", "7", ".", ";", "-", "\x01", "+", ",", "\u00ac", "\u042c", "\u00ad", "\u00ab"}
		var b strings.Builder
		for range random.IntN(12) {
			b.WriteString(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	for _, withCommas := range []bool{false, true} {
		rows := make([]row, 20_000)
		for i := range rows {
			rows[i] = row{word(), word(), word()}
			if !withCommas {
				rows[i].A = strings.ReplaceAll(rows[i].A, ",", "")
				rows[i].B = strings.ReplaceAll(rows[i].B, ",", "")
				rows[i].C = strings.ReplaceAll(rows[i].C, ",", "")
			}
		}
		var text bytes.Buffer
		if err := iomanagers.CSV().Encode(&text, rows); err != nil {
			t.Fatal(err)
		}
		var got []row
		if err := iomanagers.CSV().Decode(&text, &got); err != nil || len(got) != len(rows) {
			t.Fatalf("%d rows, %v", len(got), err)
		}
		for i := range rows {
			if got[i] != rows[i] {
				t.Fatalf("row %d is %q, want %q", i, got[i], rows[i])
			}
		}
	}
}
