package binding_test

import (
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

func TestApart(t *testing.T) {
	t.Parallel()
	type pair struct {
		fx.Out
		First  []row `name:"first"`
		Second []row `name:"second"`
	}
	for name, c := range map[string]struct {
		first, second string
		options       []assets.Option
		want          string // what the warning names
	}{
		"files in two folders are staged":        {first: "files", second: "archive"},
		"files and memory are staged":            {first: "files", second: "memory"},
		"two schemas of one database join":       {first: "tables", second: "other_tables"},
		"one manager of which nothing is known":  {first: "own", second: "own"},
		"a file and a table are stored apart":    {first: "files", second: "tables", want: "asset both (apart_test.go:"},
		"a table and what is not known":          {first: "tables", second: "own", want: " by tables and own, "},
		"two of which nothing is known":          {first: "own", second: "other", want: " by own and other, "},
		"a file and a table, which need not fit": {first: "files", second: "tables", options: []assets.Option{assets.StoredApart()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := func() iomanagers.IOManager { panic("constructed") }
			known, err := container.New(
				iomanagers.Files("files", iomanagers.FilesConfig{}), iomanagers.Files("archive", iomanagers.FilesConfig{Root: "archive"}),
				iomanagers.Memory("memory"), container.Provide("database", sqlite.New, container.Config(sqlite.Config{})),
				sqltable.Tables("tables", sqltable.Config{}), sqltable.Tables("other_tables", sqltable.Config{Prefix: "other_"}),
				container.Provide("own", own), container.Provide("other", own))
			if err != nil {
				t.Fatal(err)
			}
			options := append(c.options, assets.ForOutput("first", assets.IO(c.first)), assets.ForOutput("second", assets.IO(c.second)))
			g, err := assets.NewGraph(known, assets.New("both", func() pair { panic("called") }, options...),
				assets.New("alone", func() row { panic("called") }, assets.IO("own")))
			if err != nil {
				t.Fatal(err)
			}
			got := binding.Apart(known, binding.Steps(g))
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got the warnings %q, want one with %q", got, c.want)
			}
		})
	}
}
