package server_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

func TestALongTableIsShownInPages(t *testing.T) {
	t.Parallel()
	var definitions []fx.Option
	for n := range 450 {
		definitions = append(definitions, assets.New(fmt.Sprintf("asset%03d", n), func() int { return n }, assets.InGroup(fmt.Sprint("group", n%7))))
	}
	s := newSite(t, nil, definitions...)
	for path, row := range map[string]struct {
		first, last  string
		has, hasNone []string
	}{
		"/assets":                        {"asset000", "asset199", []string{"Rows 1 to 200 of 450", `href="?page=2" rel="next"`}, []string{"asset200", `rel="prev"`}},
		"/assets?page=2":                 {"asset200", "asset399", []string{"Rows 201 to 400 of 450", `href="?page=1" rel="prev"`, `href="?page=3" rel="next"`}, []string{"asset199", "asset400"}},
		"/assets?page=3":                 {"asset400", "asset449", []string{"Rows 401 to 450 of 450"}, []string{`rel="next"`, "asset399"}},
		"/assets?page=99":                {"asset400", "asset449", []string{"Rows 401 to 450 of 450"}, []string{`rel="next"`}},
		"/assets?page=-1":                {"asset000", "asset199", nil, nil},
		"/assets?page=two":               {"asset000", "asset199", nil, nil},
		"/assets?sort=-asset&page=2":     {"asset249", "asset050", []string{`href="?page=3&amp;sort=-asset" rel="next"`, `href="?sort=group"`}, []string{"asset250", "asset049"}},
		"/assets?q=asset00":              {"asset000", "asset009", nil, []string{"Rows 1 to", "asset010"}},
		"/lineage?sort=-asset":           {"asset449", "asset400", []string{"Rows 1 to 50 of 450"}, []string{"asset399"}},
		"/lineage?page=9&resources=yes":  {"asset400", "asset449", []string{"Rows 401 to 450 of 450", `href="?page=8&amp;resources=yes" rel="prev"`}, nil},
		"/assets?group=group1&page=7000": {"asset001", "asset449", nil, []string{"Rows 1 to", "asset002"}},
	} {
		t.Run(path, func(t *testing.T) {
			got := s.get(path)
			table := got.body[max(0, strings.LastIndex(got.body, "<tbody>")):]
			first, last := strings.Index(table, row.first), strings.Index(table, row.last)
			if got.status != 200 || first < 0 || last < first {
				t.Fatalf("status %d, %s at %d, %s at %d", got.status, row.first, first, row.last, last)
			}
			for _, want := range row.has {
				if !strings.Contains(got.body, want) {
					t.Errorf("the page lacks %q", want)
				}
			}
			for _, none := range row.hasNone {
				if strings.Contains(table, none) {
					t.Errorf("the table has %q", none)
				}
			}
		})
	}
}
