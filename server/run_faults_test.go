package server_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

type file struct{}

// leaking has a step that fails, one that succeeds, and a resource whose stop fails.
func leaking(opened gate) fx.Option {
	return fx.Options(
		container.Provide("file", func(lc fx.Lifecycle) *file {
			lc.Append(fx.StopHook(func() error { return errors.New("closing the file: the device is busy") }))
			return &file{}
		}),
		assets.New("broken", func(*file) (report, error) { return "", errors.New("the template has no column") }),
		assets.New("good", func(*file) int { return 1 }),
		assets.New("holder", opened.wait, assets.Pool("shop")),
		assets.New("waiter", func() error { return nil }, assets.Pool("shop")),
	)
}

func TestARunTellsOfResourcesThatDidNotStop(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, leaking(make(gate)))
	for selection, wants := range map[string][]string{
		"broken": {"broken failed", "the template has no column", "resource file did not stop cleanly", "the device is busy"},
		"good":   {"The run failed", "the device is busy"},
	} {
		run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: selection})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Wait(t.Context()); err == nil {
			t.Fatalf("the run of %s has not failed", selection)
		}
		page := s.get("/runs/" + run.ID()).body
		for _, want := range wants {
			if !strings.Contains(textOf(page), want) {
				t.Errorf("the page of the run of %s does not say %q:\n%s", selection, want, textOf(page))
			}
		}
		if count := strings.Count(textOf(page), "did not stop cleanly"); selection == "good" && count > 0 {
			t.Error("the page tells the same twice")
		}
	}
}

func TestARunSaysWhatItsStepsWaitFor(t *testing.T) {
	t.Parallel()
	opened := make(gate)
	s := newSite(t, nil, leaking(opened))
	var launched []*runs.Run
	for _, selection := range []string{"holder", "waiter"} {
		run, err := s.launcher.Launch(t.Context(), runs.Request{Selection: selection})
		if err != nil {
			t.Fatal(err)
		}
		launched = append(launched, run)
		if selection == "holder" {
			s.waitFor(run.ID(), history.StatusRunning)
		}
	}
	s.seeLive(launched[1].ID(), "waits for a place among the steps in the pool shop")
	close(opened)
	for _, run := range launched {
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// seeLive follows the page of a run until it says a text.
func (s *site) seeLive(run, want string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/runs/"+run+"/live", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), want) {
			return
		}
	}
	s.t.Fatalf("the page of the run never says %q", want)
}
