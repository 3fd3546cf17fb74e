package suitetest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/suitetest"
)

func TestComplaints(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		check func(*suitetest.Recorder)
		want  []string
	}{
		"a check that finds nothing has none":    {func(*suitetest.Recorder) {}, nil},
		"each is kept":                           {func(r *suitetest.Recorder) { r.Errorf("a %d", 1); r.Errorf("b") }, []string{"a 1", "b"}},
		"a fatal one ends the check":             {func(r *suitetest.Recorder) { r.Fatalf("a"); r.Errorf("b") }, []string{"a"}},
		"a panic is one":                         {func(*suitetest.Recorder) { panic("boom") }, []string{"panic: boom"}},
		"the check has the context and a folder": {func(r *suitetest.Recorder) { r.Errorf("%v %s", r.Context().Err(), r.TempDir()) }, []string{"<nil> there"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := suitetest.Complaints(t.Context(), "there", test.check)
			for i := range got {
				got[i], _, _ = strings.Cut(got[i], " (") // the place of a panic
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEachFails(t *testing.T) {
	t.Parallel()
	suitetest.EachFails(t, []suitetest.Broken{{Name: "is wrong", Clause: "all is well", Run: func(t *testing.T) {
		t.Run("all is well", func(t *testing.T) { suitetest.Only(t, "all is well"); t.Error("not at all") })
		t.Run("another clause", func(t *testing.T) { suitetest.Only(t, "all is well"); t.Error("it was not skipped") })
	}}})
}
