package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// CatalogueConfig says where the catalogue is.
type CatalogueConfig struct {
	URL string `json:"url" desc:"the catalogue; without one, a sample"`
}

// Catalogue is a client of a catalogue of tables.
type Catalogue struct{ url string }

func NewCatalogue(cfg CatalogueConfig, sample *Sample) *Catalogue {
	return &Catalogue{cmp.Or(cfg.URL, sample.URL)}
}

// Tables returns the names of all tables.
func (c *Catalogue) Tables(ctx context.Context) ([]string, error) {
	var names []string
	return names, c.get(ctx, "tables", &names)
}

// Rows returns the number of rows of a table.
func (c *Catalogue) Rows(ctx context.Context, table string) (int, error) {
	var rows int
	return rows, c.get(ctx, "tables/"+url.PathEscape(table), &rows)
}

func (c *Catalogue) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/"+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("asking the catalogue for %s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// WebhookConfig says where alerts are posted to.
type WebhookConfig struct {
	URL string `json:"url" desc:"the webhook; without one, a sample"`
}

// Webhook posts alerts.
type Webhook struct{ url string }

func NewWebhook(cfg WebhookConfig, sample *Sample) *Webhook {
	return &Webhook{cmp.Or(cfg.URL, sample.URL+"/alerts")}
}

// Post posts a text.
func (w *Webhook) Post(ctx context.Context, text string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, strings.NewReader(text))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("posting an alert: %s", response.Status)
	}
	return nil
}
