package server

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// login lets only those pass who have the token. Programs send it as a bearer token. A
// person gives it once, and gets a cookie that is worth nothing elsewhere.
type login struct {
	config  Config
	prefix  string
	token   [sha256.Size]byte
	session string // the value of the cookie, made anew when the server starts
	next    http.Handler

	mu      sync.Mutex
	blocked time.Time // no token is looked at before
	wrong   int
}

const (
	cookieName = "fxrun"
	// patience is how many wrong tokens are taken before the server becomes slow, and
	// slowDown how long it then refuses every token after a wrong one.
	patience, slowDown = 5, 2 * time.Second
)

func newLogin(config Config, next http.Handler) http.Handler {
	return &login{config: config, prefix: config.Prefix, token: sha256.Sum256([]byte(config.Token)), session: rand.Text(), next: next}
}

func (l *login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case l.hasCookie(r):
		l.next.ServeHTTP(w, r)
	case strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "):
		if !l.check(w, r, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
			return
		}
		l.next.ServeHTTP(w, r)
	case r.URL.Path == l.prefix+"/login" && r.Method == http.MethodPost:
		l.enter(w, r)
	case isReading(r) && strings.Contains(r.Header.Get("Accept"), "text/html"):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(loginPage(l.prefix, r.URL.RequestURI())))
	default:
		w.Header().Set("WWW-Authenticate", `Bearer realm="fxrun"`)
		refuse(l.config, w, r, http.StatusUnauthorized, "a token is needed: send it as Authorization: Bearer TOKEN")
	}
}

func (l *login) hasCookie(r *http.Request) bool {
	cookie, err := r.Cookie(cookieName)
	return err == nil && subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(l.session)) == 1
}

// check looks whether a token is right, and answers if it is not. After some wrong tokens
// it refuses all for a while, so that guessing is slow.
func (l *login) check(w http.ResponseWriter, r *http.Request, token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Before(l.blocked) {
		w.Header().Set("Retry-After", "2")
		refuse(l.config, w, r, http.StatusTooManyRequests, "too many wrong tokens: try again in some seconds")
		return false
	}
	given := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(given[:], l.token[:]) == 1 {
		l.wrong = 0
		return true
	}
	if l.wrong++; l.wrong >= patience {
		l.blocked = time.Now().Add(slowDown)
	}
	refuse(l.config, w, r, http.StatusUnauthorized, "the token is wrong")
	return false
}

// enter takes the token of a person.
func (l *login) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, largestBody)
	if !l.check(w, r, r.FormValue("token")) {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: l.session, Path: l.prefix + "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	http.Redirect(w, r, l.target(r.FormValue("next")), http.StatusSeeOther)
}

// target returns where to go after the login: a path of this server.
func (l *login) target(next string) string {
	target, err := url.Parse(next)
	if err != nil || target.IsAbs() || target.Host != "" || !strings.HasPrefix(next, l.prefix+"/") || strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return l.prefix + "/"
	}
	return target.RequestURI()
}

func loginPage(prefix, next string) string {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>fxrun</title>` +
		`<h1>fxrun</h1><form method="post" action="` + prefix + `/login"><input type="hidden" name="next" value="` + hexFree(next) + `">` +
		`<p><label>Token <input type="password" name="token" autofocus autocomplete="current-password"></label> <button>Enter</button></p></form>` +
		`<p>The person who has started the server has the token.</p></html>`
}

// hexFree returns a path in a form that needs no escaping in HTML.
func hexFree(path string) string {
	var out strings.Builder
	for _, b := range []byte(path) {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte("/?=-_.~%", b) >= 0:
			out.WriteByte(b)
		case b == '&':
			out.WriteString("&amp;")
		default:
			out.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{b})))
		}
	}
	return out.String()
}
