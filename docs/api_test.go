package docs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
	"github.com/fxrun/fxrun/server/api"
	"github.com/fxrun/fxrun/server/client"
)

// RunNightly runs the job nightly on a server, prints its log, and says how it ended.
func RunNightly(ctx context.Context, url, token string) (history.Status, error) {
	server, err := client.New(client.Config{URL: url, Token: token})
	if err != nil {
		return "", err
	}
	defer server.Close()
	launched, err := server.Launch(ctx, api.LaunchRequest{Job: "nightly"})
	if err != nil {
		return "", err // inspect.Faults has the faults one by one
	}
	for event, err := range server.Follow(ctx, launched.Run.ID, 0) {
		if err != nil {
			return "", err
		}
		if line, ok := event.Data.(history.LogWritten); ok {
			fmt.Println(line.Message)
		}
	}
	run, err := server.Run(ctx, launched.Run.ID)
	return run.Status, err
}

type (
	apiShop       struct{ pageSize int }
	apiShopConfig struct {
		PageSize int `split_words:"true" default:"20" max:"100"`
	}
	apiOrder struct{ ID int }
)

// newAPIServer serves a program with what the page docs/api.md names.
func newAPIServer(t *testing.T, token string) *httptest.Server {
	t.Helper()
	var graph *assets.Graph
	var resources *container.Container
	var launcher *runs.Launcher
	var automations *automation.Automations
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		container.Provide("shop", func(config apiShopConfig) *apiShop { return &apiShop{config.PageSize} }, container.Config(apiShopConfig{})),
		assets.New("raw/orders", func(shop *apiShop, logger *slog.Logger) []apiOrder {
			logger.Info("fetched orders")
			return make([]apiOrder, shop.pageSize)
		}),
		assets.NewJob("nightly", assets.Select("*")),
		automation.NewSchedule("every-night", "30 2 * * *", "nightly"),
		fx.Populate(&graph, &resources, &launcher, &automations))
	app.RequireStart()
	handler, err := server.New(server.Config{Inspector: inspect.New(resources, graph, launcher.Store()), Graph: graph, Launcher: launcher, Automations: automations, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	served := httptest.NewServer(handler)
	t.Cleanup(func() {
		handler.Close()
		served.Close()
		app.RequireStop()
	})
	return served
}

func TestANightlyRunOnAServer(t *testing.T) {
	t.Parallel()
	const token = "correct-horse-battery"
	status, err := RunNightly(t.Context(), newAPIServer(t, token).URL, token)
	if err != nil || status != history.StatusSucceeded {
		t.Errorf("the run is %s, %v", status, err)
	}
}

var (
	curlLine = regexp.MustCompile(`(?m)^curl (.*)$`)
	curlPath = regexp.MustCompile(`\$api(\S+?)"?(?:\s|$)`)
	curlBody = regexp.MustCompile(`-d '(.*)'`)
	problems = regexp.MustCompile("(?s)```json\n(.*?)```")
)

// TestTheRequestsOfThePageAreAnswered sends what the curl lines of the page docs/api.md
// send, first the launches.
func TestTheRequestsOfThePageAreAnswered(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("api.md")
	if err != nil {
		t.Fatal(err)
	}
	served := newAPIServer(t, "")
	send := func(path, body string) (int, string) {
		t.Helper()
		method := http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
		request, err := http.NewRequestWithContext(t.Context(), method, served.URL+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := served.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	var lines []string
	for _, match := range curlLine.FindAllStringSubmatch(strings.ReplaceAll(string(page), "\\\n", ""), -1) {
		if strings.Contains(match[1], "$api/runs ") {
			lines = append([]string{match[1]}, lines...)
		} else {
			lines = append(lines, match[1])
		}
	}
	if len(lines) < 10 {
		t.Fatalf("the page has %d requests", len(lines))
	}
	for i, line := range lines {
		body := ""
		if match := curlBody.FindStringSubmatch(line); match != nil {
			body = match[1]
		}
		status, text := send(curlPath.FindStringSubmatch(line)[1], body)
		if strings.Contains(line, "/cancel") { // the run has ended by then
			if status != http.StatusUnprocessableEntity || !strings.Contains(text, "already ended") {
				t.Errorf("%s\nis answered by %d: %s", line, status, text)
			}
			continue
		}
		if status >= http.StatusBadRequest {
			t.Errorf("%s\nis answered by %d: %s", line, status, text)
		}
		if i == 0 { // so that there is a value to read
			send("/runs/nightly-17/follow", "")
		}
	}
	wrong := strings.Replace(curlBody.FindStringSubmatch(lines[0])[1], "50", "500", 1)
	_, text := send("/runs", wrong)
	var got, want any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(problems.FindStringSubmatch(string(page))[1]), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the page shows another error (-page +server):\n%s", diff)
	}
}
