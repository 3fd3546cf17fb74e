package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/fxrun/fxrun/internal/goldentest"
	"github.com/fxrun/fxrun/server"
)

func TestTheOpenAPIDocument(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	text := s.get("/api/v1/openapi.json").body
	t.Run("is as it was", func(t *testing.T) {
		t.Parallel()
		goldentest.File(t, "openapi.golden", text)
	})
	t.Run("fits the schema of OpenAPI 3.1", func(t *testing.T) {
		t.Parallel()
		official, err := os.ReadFile("testdata/openapi-3.1.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := resolved(t, official).Validate(decoded[any](t, text)); err != nil {
			t.Error(err)
		}
		if err := resolved(t, official).Validate(decoded[any](t, strings.Replace(text, `"paths"`, `"path"`, 1))); err == nil {
			t.Error("a document with a wrong field fits too")
		}
	})
	t.Run("has a schema for each reference", func(t *testing.T) {
		t.Parallel()
		document := decoded[struct {
			Components struct{ Schemas map[string]any }
		}](t, text)
		for _, match := range regexp.MustCompile(`"\$ref": "#/components/schemas/(\w+)"`).FindAllStringSubmatch(text, -1) {
			if document.Components.Schemas[match[1]] == nil {
				t.Errorf("there is no schema %s", match[1])
			}
		}
	})
	t.Run("has the prefix of the server", func(t *testing.T) {
		t.Parallel()
		below := newSite(t, func(config *server.Config) { config.Prefix = "/data" })
		if got := below.get("/data/api/v1/openapi.json"); got.status != http.StatusOK || !strings.Contains(got.body, `"url": "/data/api/v1"`) {
			t.Errorf("the answer is %d", got.status)
		}
	})
}

// TestAnswersFitTheOpenAPIDocument asks each operation that reads, and holds its answer
// against the schema of the document.
func TestAnswersFitTheOpenAPIDocument(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	id := s.run("+revenue or broken")
	document := decoded[map[string]any](t, s.get("/api/v1/openapi.json").body)
	components := document["components"].(map[string]any)
	for path, item := range document["paths"].(map[string]any) {
		operation, ok := item.(map[string]any)["get"].(map[string]any)
		if !ok || strings.HasSuffix(path, "/follow") || path == "/openapi.json" {
			continue
		}
		names := []string{"{id}", id, "{name}", "nightly"}
		if strings.HasPrefix(path, "/resources") {
			names = append(names, "{key}", "warehouse")
		}
		asked := strings.NewReplacer(append(names, "{key}", "raw%2Forders")...).Replace(path)
		if strings.HasPrefix(path, "/schedules/{") || strings.HasPrefix(path, "/sensors/{") {
			continue // the program has none
		}
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got := s.get("/api/v1" + asked)
			if got.status != http.StatusOK {
				t.Fatalf("the answer is %d: %s", got.status, got.body)
			}
			content := operation["responses"].(map[string]any)["200"].(map[string]any)["content"].(map[string]any)
			schema, err := json.Marshal(map[string]any{
				"allOf": []any{content["application/json"].(map[string]any)["schema"]}, "$defs": components["schemas"],
			})
			if err != nil {
				t.Fatal(err)
			}
			schema = bytes.ReplaceAll(schema, []byte("#/components/schemas/"), []byte("#/$defs/"))
			if err := resolved(t, schema).Validate(decoded[any](t, got.body)); err != nil {
				t.Errorf("%v\n%s", err, got.body)
			}
		})
	}
}

func resolved(t *testing.T, text []byte) *jsonschema.Resolved {
	t.Helper()
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(&jsonschema.ResolveOptions{BaseURI: "https://openapi.test/"})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

func decoded[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return value
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
