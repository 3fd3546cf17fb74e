package ui

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// newNonce returns a random text that lets a script of one page add styles.
func newNonce() string { return rand.Text() }

// allowStyles lets styles with a nonce pass the policy of an answer. The editor of the
// launch page adds its own; no other page needs them.
func allowStyles(header http.Header, nonce string) {
	const name, styles = "Content-Security-Policy", "style-src 'self'"
	header.Set(name, strings.Replace(header.Get(name), styles, styles+" 'nonce-"+nonce+"'", 1))
}
