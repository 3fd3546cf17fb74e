package snakecase_test

import (
	"testing"

	"github.com/fxrun/fxrun/internal/snakecase"
)

func TestNamesAreSplitIntoWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":           "",
		"DSN":        "dsn",
		"BaseURL":    "base_url",
		"HTTPPort":   "http_port",
		"CustomerID": "customer_id",
		"Sha256Sum":  "sha256_sum",
		"Already_On": "already_on",
		"Größe":      "größe",
		"ÄußereZahl": "äußere_zahl",
		"Total2":     "total2",
		"URLs":       "ur_ls", // Go writes the plural of an abbreviation like the beginning of a word
	} {
		if got := snakecase.Of(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
