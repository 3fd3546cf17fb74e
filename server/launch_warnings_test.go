package server_test

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

type (
	mailConfig struct {
		APIKey string `split_words:"true"`
	}
	mail       struct{ config mailConfig }
	callConfig struct {
		AuthToken string `split_words:"true"`
	}
)

func readableSecrets() fx.Option {
	return fx.Options(
		container.Provide("mail", func(config mailConfig) *mail { return &mail{config} }, container.Config(mailConfig{})),
		assets.New("sent", func(config callConfig, m *mail) (report, error) {
			return report(m.config.APIKey) + report(config.AuthToken), nil
		},
			assets.Config(callConfig{})),
	)
}

func TestTheLaunchPageWarnsAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil, readableSecrets())
	var launch inspect.Launch
	answer := s.do(http.MethodPost, "/api/v1/launch-checks", `{"select": "sent"}`, "Content-Type", "application/json")
	if err := json.Unmarshal([]byte(answer.body), &launch); err != nil || len(launch.Warnings) != 2 {
		t.Fatalf("the API answers %s, %v", answer.body, err)
	}
	for name, page := range map[string]response{
		"when it is opened":       s.get("/launch?select=sent"),
		"when a field is changed": s.post("/launch/check", "select", "sent", "yaml", ""),
		"when a launch is wrong":  s.post("/launch", "select", "sent", "yaml", "resources: {mial: {}}"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, warning := range launch.Warnings {
				if !strings.Contains(html.UnescapeString(page.body), warning) {
					t.Errorf("the page does not say %q but\n%s", warning, textOf(page.body))
				}
			}
		})
	}
}
