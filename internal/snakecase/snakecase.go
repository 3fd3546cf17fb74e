// Package snakecase writes the names of Go fields as users of configs and tables write them.
//
// The package imports only the standard library.
package snakecase

import (
	"strings"
	"unicode"
)

// Of splits a Go name into lower-case words: BaseURL is base_url, HTTPPort is http_port.
func Of(name string) string {
	runes := []rune(name)
	var words strings.Builder
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && runes[i-1] != '_' &&
			(!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			words.WriteByte('_')
		}
		words.WriteRune(unicode.ToLower(r))
	}
	return words.String()
}
