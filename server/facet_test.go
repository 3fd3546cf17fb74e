package server_test

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/inspect"
)

func owned() fx.Option {
	one := func() report { return "" }
	return fx.Options(
		assets.New("a", one, assets.InGroup("raw"), assets.Tags("daily", "paid"), assets.Owners("team:data")),
		assets.New("b", one, assets.InGroup("raw"), assets.Tags("daily"), assets.Owners("team:data", "ann@shop.example")),
		assets.New("c", one, assets.Owners("ann@shop.example")),
		assets.New("d", one),
	)
}

func TestTheCatalogIsFilteredByGroupTagAndOwner(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, owned())
	for query, want := range map[string]string{
		"":                             "a b c d",
		"tag=daily":                    "a b",
		"tag=paid":                     "a",
		"owner=ann%40shop.example":     "b c",
		"owner=team:data&tag=paid":     "a",
		"group=raw&owner=team:data":    "a b",
		"owner=ann%40shop.example&q=c": "c",
		"owner=ann":                    "", // a whole name
		"tag=daily&sort=-asset":        "b a",
	} {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			_, rows, _ := strings.Cut(s.get("/assets?"+query).body, "<tbody>")
			var found []string
			for part := range strings.SplitSeq(rows, `<a href="/assets/`) {
				if key, _, _ := strings.Cut(part, `"`); len(key) == 1 {
					found = append(found, key)
				}
			}
			if diff := cmp.Diff(want, strings.Join(found, " ")); diff != "" {
				t.Errorf("the assets differ (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("and says how many assets have a value", func(t *testing.T) {
		t.Parallel()
		page := html.UnescapeString(s.get("/assets?owner=nobody").body)
		for _, want := range []string{">daily (2)<", ">team:data (2)<", ">raw (2)<", " selected>nobody (0)<"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %s", want)
			}
		}
	})
	t.Run("and a value leads to the assets that have it", func(t *testing.T) {
		t.Parallel()
		for _, path := range []string{"/assets", "/assets/b"} {
			if page := s.get(path).body; !strings.Contains(page, `href="/assets?owner=ann%40shop.example"`) || !strings.Contains(page, `href="/assets?tag=daily"`) {
				t.Errorf("%s has no such link", path)
			}
		}
	})
	t.Run("and the API lists the assets of an owner", func(t *testing.T) {
		t.Parallel()
		got := s.get("/api/v1/assets?owner=team:data&select=tag:paid")
		if list := decoded[[]inspect.Asset](t, got.body); got.status != http.StatusOK || len(list) != 1 || list[0].Key != "a" {
			t.Errorf("the answer is %d %s", got.status, got.body)
		}
	})
}
