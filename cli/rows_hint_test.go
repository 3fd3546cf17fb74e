package cli_test

import (
	"iter"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

func TestAnAssetSaysWhichRowsMoveByReflection(t *testing.T) {
	newHome(t)
	type sample struct{ ID int }
	stream := func() iter.Seq2[sample, error] { return nil }
	slow := []fx.Option{assets.New("samples", stream)}
	fast := []fx.Option{assets.New("samples", stream, assets.RowsOf[sample]())}
	const hint = "cli_test.sample by reflection, faster with assets.RowsOf"
	if got := succeed(t, slow, "asset", "samples"); !strings.Contains(got, "rows        "+hint+"\n") {
		t.Errorf("got\n%s", got)
	}
	if got := succeed(t, fast, "asset", "samples"); strings.Contains(got, "reflection") {
		t.Errorf("with the option, got\n%s", got)
	}
	var shown struct {
		Types []string `json:"rows_by_reflection"`
		Hint  string   `json:"rows_hint"`
	}
	decode(t, succeed(t, slow, "asset", "samples", "--json"), &shown)
	if len(shown.Types) != 1 || shown.Types[0] != "cli_test.sample" || shown.Hint != hint {
		t.Errorf("got %+v", shown)
	}
	if got := succeed(t, fast, "asset", "samples", "--json"); strings.Contains(got, "reflection") {
		t.Errorf("with the option, got\n%s", got)
	}
}
