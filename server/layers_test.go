package server_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

type (
	database   struct{}
	copyConfig struct {
		Rows int `default:"7" desc:"how many rows are copied"`
	}
)

// TestTheResourcesAreALayerOfGroupsToo asks for the resources of a graph that is drawn by
// groups.
func TestTheResourcesAreALayerOfGroupsToo(t *testing.T) {
	t.Parallel()
	definitions := []fx.Option{container.Supply("database", &database{}), container.Supply("cache", &file{})}
	for n := range 90 {
		in := assets.InGroup(fmt.Sprint("group", n/30))
		if n < 30 {
			definitions = append(definitions, assets.New(fmt.Sprintf("a%02d", n), func(*database) int { return n }, in))
			continue
		}
		definitions = append(definitions, assets.New(fmt.Sprintf("a%02d", n), func(*file) int { return n }, in))
	}
	s := newSite(t, nil, definitions...)
	edges := regexp.MustCompile(`data-from="([^"]*)" data-to="([^"]*)"`)
	for path, want := range map[string][]string{
		"/lineage":               nil,
		"/lineage?resources=yes": {"resource cache>group group1", "resource cache>group group2", "resource database>group group0"},
		"/lineage?resources=yes&open=group0&sort=-x": {"resource cache>group group1", "resource cache>group group2", "resource database>asset a00", "resource database>asset a29"},
	} {
		page := s.get(path).body
		var got []string
		for _, edge := range edges.FindAllStringSubmatch(page, -1) {
			got = append(got, edge[1]+">"+edge[2])
		}
		for _, one := range want {
			if !strings.Contains(strings.Join(got, "\n")+"\n", one+"\n") {
				t.Errorf("%s lacks the arrow %s: %q", path, one, got)
			}
		}
		if want == nil && len(got) > 0 {
			t.Errorf("%s has the arrows %q", path, got)
		}
	}
}

func TestTheConfigOfAStepIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, fx.Options(
		assets.New("copy", func(c copyConfig) int { return c.Rows }, assets.Config(copyConfig{}, container.FromEnv("SERVERTEST_COPY"))),
		assets.NewJob("tidy", assets.NewOp("sweep", func(copyConfig) {}, assets.Config(copyConfig{}, container.FromEnv("SERVERTEST_SWEEP")))),
	))
	for path, wants := range map[string][]string{
		"/assets/copy": {"how many rows are copied", "SERVERTEST_COPY_ROWS", "default"},
		"/instance":    {"SERVERTEST_COPY_ROWS\nnot set\ncopy\nrows", "SERVERTEST_SWEEP_ROWS\nnot set\n"},
		"/api/v1/instance": {
			`{"name":"SERVERTEST_COPY_ROWS","set":false,"step":"copy","field":"rows"}`,
			`{"name":"SERVERTEST_SWEEP_ROWS","set":false,"step":"op:tidy/sweep","field":"rows"}`,
		},
	} {
		got := textOf(strings.ReplaceAll(s.get(path).body, "<wbr>", ""))
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, got)
			}
		}
	}
}
