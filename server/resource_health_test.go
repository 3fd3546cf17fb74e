package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server"
)

// disk is a resource whose health changes.
type disk struct{ full *atomic.Bool }

func (d *disk) look(context.Context) error {
	if d.full.Load() {
		return errors.New("the disk is full " + markup)
	}
	return nil
}

func newDisk(full *atomic.Bool) fx.Option {
	return fx.Options(container.Provide("disk", func() *disk { return &disk{full} },
		container.Health(func(ctx context.Context, d *disk) error { return d.look(ctx) })), container.Supply("clock", 1))
}

func TestAResourceThatFailsNeedsAttention(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	s := newSite(t, nil, newDisk(&full))
	if page := textOf(s.get("/resources").body); !strings.Contains(page, "not checked") {
		t.Errorf("the resources are\n%s", page)
	}
	full.Store(true)
	answer := s.do(http.MethodPost, "/resources/disk/check", "", "HX-Request", "true", "Sec-Fetch-Site", "same-origin")
	if !strings.Contains(answer.body, `hx-target="#checks"`) || !strings.Contains(answer.body, "the disk is full") {
		t.Errorf("the answer is\n%s", answer.body)
	}
	for path, want := range map[string]string{"/": "the disk is full", "/resources": "failing, ", "/resources/disk": "the disk is full"} {
		page := s.get(path).body
		if text := textOf(page); !strings.Contains(text, want) || !strings.Contains(text, "resources are checked when somebody asks for it") && path == "/resources/disk" {
			t.Errorf("%s does not say %q:\n%s", path, want, text)
		}
		if strings.Contains(page, "<script>alert") {
			t.Errorf("%s has the markup of an error", path)
		}
	}
	if page := textOf(s.get("/").body); !strings.Contains(page, "failing") || !strings.Contains(page, "resource disk") || !strings.Contains(page, " ago: the disk is full") {
		t.Errorf("the overview says\n%s", page)
	}
	full.Store(false)
	s.do(http.MethodPost, "/api/v1/resources/disk/health-check", "{}", "Content-Type", "application/json")
	if page := textOf(s.get("/").body); strings.Contains(page, "resource disk") {
		t.Errorf("after a check that has found nothing the overview says\n%s", page)
	}
	list := decoded[[]inspect.CheckedHealth](t, s.get("/api/v1/health-checks").body)
	if len(list) != 1 || list[0].Resource != "disk" || list[0].Status != inspect.HealthWell || list[0].Checked.IsZero() {
		t.Errorf("the API answers %+v", list)
	}
	if page := s.get("/resources/disk").body; strings.Count(page, ">failing<") != 1 || strings.Count(page, ">well<") != 1 {
		t.Errorf("the page of the resource says\n%s", textOf(page))
	}
}

func TestResourcesAreCheckedByAnInterval(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	full.Store(true)
	s := newSite(t, func(config *server.Config) { config.CheckEvery = time.Millisecond }, newDisk(&full))
	s.waitForText("/", "the disk is full")
	full.Store(false)
	s.waitForText("/resources", "well, ")
	s.waitForText("/resources/disk", "all resources are checked each 1ms")
	s.handler.Close()
	last := s.get("/api/v1/health-checks").body
	if again := s.get("/api/v1/health-checks").body; last != again {
		t.Errorf("resources are checked after the end: %s, then %s", last, again)
	}
}
