package iomanagers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sold is a row whose types other programs have as well.
type sold struct {
	ID    int64
	Item  string
	Note  *string
	Count *int64
	Price float64
	Paid  bool
	At    time.Time
}

// soldAgain are the rows that pandas and polars have read and written again.
type (
	soldByPandas struct {
		ID    int64
		Item  string
		Note  *string
		Count *int64
		Price float64
		Paid  bool
		At    time.Time `layout:"2006-01-02 15:04:05Z07:00"`
	}
	soldByPolars struct {
		ID    int64
		Item  string
		Note  *string
		Count *int64
		Price float64
		Paid  bool
		At    time.Time `layout:"2006-01-02T15:04:05-0700"`
	}
)

func someSold() []sold {
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	return []sold{
		{1, "tea", new("green, \"loose\""), new(int64(3)), 0.1, true, at},
		{2, "crème brûlée 漢字 😀", nil, nil, 1e300, false, at.Add(time.Second)},
		{-9007199254740993, "two\nlines", new(" spaces around "), new(int64(-1)), -1.0 / 3, true, at.Add(time.Hour)},
		{4, "semi;colon", new("'quoted'"), new(int64(0)), 5e-324, false, at.AddDate(-100, 0, 0)},
	}
}

// TestCSVIsReadAndWrittenByPandasAndPolars looks at the files of testdata. If FXRUN_PYTHON names
// a Python interpreter that has pandas and polars, it also has them made anew.
func TestCSVIsReadAndWrittenByPandasAndPolars(t *testing.T) {
	t.Parallel()
	text, err := encodeCSV(someSold())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "csv_again.csv")
	want, err := os.ReadFile(file)
	if err != nil || text != string(want) {
		t.Errorf("%s is not what is written, %v:\n%s", file, err, text)
	}
	t.Run("as they did once", func(t *testing.T) {
		t.Parallel()
		checkAgain(t, "testdata")
	})
	t.Run("as they do here", func(t *testing.T) {
		t.Parallel()
		python := os.Getenv("FXRUN_PYTHON")
		if python == "" {
			t.Skip("FXRUN_PYTHON names no interpreter with pandas and polars")
		}
		folder := t.TempDir()
		output, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "csv_again.py"), file, folder).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		checkAgain(t, folder)
	})
}

func checkAgain(t *testing.T, folder string) {
	t.Helper()
	byPandas := readAgain[soldByPandas](t, filepath.Join(folder, "csv_again_pandas.csv"))
	byPolars := readAgain[soldByPolars](t, filepath.Join(folder, "csv_again_polars.csv"))
	var pandas, polars []sold
	for _, row := range byPandas {
		pandas = append(pandas, sold(row))
	}
	for _, row := range byPolars {
		polars = append(polars, sold(row))
	}
	if diff := cmp.Diff(someSold(), pandas); diff != "" {
		t.Errorf("pandas (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(someSold(), polars); diff != "" {
		t.Errorf("polars (-want +got):\n%s", diff)
	}
}

func readAgain[T any](t *testing.T, name string) []T {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := decodeCSV[T](string(text))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return rows
}
