package parquetcodec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

type booleans struct {
	B bool   `parquet:"b"`
	N *bool  `parquet:"n"`
	L []bool `parquet:"l"`
}

// booleanRows are the rows that testdata/make.py writes.
func booleanRows() []booleans {
	rows := make([]booleans, 300)
	for i := range rows {
		bit := i/13%2 == 0
		if i >= 200 {
			bit = i%3 == 0
		}
		rows[i].B = bit
		if i%7 != 0 {
			rows[i].N = &bit
		}
		if i%11 != 0 {
			rows[i].L = make([]bool, i%4)
			for j := range rows[i].L {
				rows[i].L[j] = bit
			}
		}
	}
	return rows
}

func TestBooleansInRunsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"runs_plain", "runs_v1", "runs_v2", "runs_v2_none"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []booleans
			if err := load(t, name+".parquet", &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(booleanRows(), got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}
