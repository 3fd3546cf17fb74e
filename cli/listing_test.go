package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

func TestListingsWithoutHistory(t *testing.T) {
	home := newHome(t)
	t.Setenv("WAREHOUSE_PASSWORD", secret)
	t.Setenv("SHOP_TIMEOUT", "7s")
	for name, args := range map[string][]string{
		"help":                {"--help"},
		"help-run":            {"run", "--help"},
		"help-resource":       {"resource", "--help"},
		"assets-never":        {"assets"},
		"asset-never":         {"asset", "revenue"},
		"jobs":                {"jobs"},
		"jobs-json":           {"jobs", "--json"},
		"resources":           {"resources"},
		"resources-json":      {"resources", "--json"},
		"resource":            {"resource", "warehouse"},
		"resource-env":        {"resource", "client"},
		"resource-job":        {"resource", "warehouse", "--job", "nightly", "--set", "resources.warehouse.config.batch=5"},
		"resource-json":       {"resource", "client", "--json"},
		"runs-none":           {"runs"},
		"runs-none-json":      {"runs", "--json"},
		"dry-run":             {"run", "--job", "nightly", "--dry-run"},
		"dry-run-json":        {"run", "--job", "fetch", "--dry-run", "--json"},
		"assets-select":       {"assets", "--select", "tag:daily", "--select", "greeting"},
		"assets-select-json":  {"assets", "--select", "group:raw", "--json"},
		"completion-assets":   {"__complete", "asset", ""},
		"completion-select":   {"__complete", "run", "--select", ""},
		"completion-job":      {"__complete", "run", "--job", ""},
		"completion-resource": {"__complete", "resource", ""},
	} {
		t.Run(name, func(t *testing.T) {
			program := new(shop)
			got := execute(t, program.definitions(), args...)
			if got.code != 0 || got.err != "" && args[0] != "__complete" {
				t.Errorf("exit code %d, standard error %q", got.code, got.err)
			}
			golden(t, name, got.out)
			if noted := program.noted(); len(noted) > 0 {
				t.Errorf("something was started: %q", noted)
			}
			if strings.Contains(got.out, secret) {
				t.Error("the output holds the secret")
			}
			if strings.HasSuffix(name, "-json") && !json.Valid([]byte(got.out)) {
				t.Errorf("not JSON:\n%s", got.out)
			}
		})
	}
	if _, err := os.Stat(home); !os.IsNotExist(err) {
		t.Errorf("the home folder was made: %v", err)
	}
}

func TestListingsWithHistory(t *testing.T) {
	newHome(t)
	program := new(shop)
	succeed(t, program.definitions(), "run", "--job", "nightly", "--tag", "why=test")
	for name, args := range map[string][]string{
		"assets":           {"assets"},
		"asset":            {"asset", "raw/orders"},
		"asset-json":       {"asset", "raw/orders", "--json"},
		"asset-value":      {"asset", "raw/orders", "--value"},
		"asset-value-text": {"asset", "greeting", "--value"},
		"asset-raw":        {"asset", "greeting", "--raw"},
		"runs":             {"runs", "--status", "succeeded,failed", "--job", "nightly"},
		"runs-json":        {"runs", "--json", "--limit", "1"},
		"runs-other":       {"runs", "--status", "failed"},
		"runs-show":        {"runs", "show"},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, succeed(t, new(shop).definitions(), args...)) })
	}
}

func TestShowingOneRun(t *testing.T) {
	newHome(t)
	definitions := new(shop).definitions()
	succeed(t, definitions, "run", "--job", "fetch")
	succeed(t, definitions, "run", "--job", "fetch")
	var listed []struct {
		ID string `json:"id"`
	}
	decode(t, succeed(t, definitions, "runs", "--json"), &listed)
	if len(listed) != 2 {
		t.Fatalf("%d runs are listed, want 64", len(listed))
	}
	var shown struct {
		Record struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"record"`
		Events []struct {
			Type string `json:"type"`
		} `json:"events"`
	}

	t.Run("the beginning of an ID is enough", func(t *testing.T) {
		decode(t, succeed(t, definitions, "runs", "show", listed[1].ID[:8], "--json"), &shown)
		if shown.Record.ID != listed[1].ID || shown.Record.Status != "succeeded" {
			t.Errorf("got %+v, want run %s", shown.Record, listed[1].ID)
		}
		if n := len(shown.Events); n == 0 || shown.Events[0].Type != "run_queued" || shown.Events[n-1].Type != "run_finished" {
			t.Errorf("the events are not whole: %+v", shown.Events)
		}
	})
	t.Run("without an ID it is the last run", func(t *testing.T) {
		decode(t, succeed(t, definitions, "runs", "show", "--json"), &shown)
		if shown.Record.ID != listed[0].ID {
			t.Errorf("got run %s, want %s", shown.Record.ID, listed[0].ID)
		}
	})
	t.Run("IDs are completed", func(t *testing.T) {
		if got := execute(t, definitions, "__complete", "runs", "show", ""); !strings.Contains(got.out, listed[0].ID+"\tfetch succeeded") {
			t.Errorf("run %s is not offered:\n%s", listed[0].ID, got.out)
		}
	})
	t.Run("an unknown ID suggests the nearest", func(t *testing.T) {
		id := listed[0].ID
		got := execute(t, definitions, "runs", "show", id[:11]+"-")
		if got.code != 64 || !strings.Contains(got.err, `did you mean "`+id+`"?`) {
			t.Errorf("exit code %d, %s", got.code, got.err)
		}
	})
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}
