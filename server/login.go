package server

import (
	"cmp"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fxrun/fxrun/server/internal/audit"
)

// login lets only those pass who have a token. Programs send it as a bearer token. A person
// gives it once, and gets a cookie that only this server accepts.
type login struct {
	config  Config
	prefix  string
	passes  []pass
	guesses guesses
	next    http.Handler
}

const cookieName = "fxrun"

func newLogin(config Config, next http.Handler) http.Handler {
	return &login{config: config, prefix: config.Prefix, passes: newPasses(config), next: next}
}

func (l *login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	session, hasSession := l.session(r)
	bearer, hasBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case hasSession:
		l.pass(w, r, session, "session")
	case hasBearer:
		if token, ok := l.check(w, r, bearer); ok {
			l.pass(w, r, token, "token")
		}
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

// pass answers a request of somebody who may pass. The audit names the token that has a name,
// or else how the other one was given.
func (l *login) pass(w http.ResponseWriter, r *http.Request, by pass, form string) {
	l.next.ServeHTTP(w, r.WithContext(audit.By(r.Context(), cmp.Or(by.name, form))))
}

// session returns the pass that the cookie of a request stands for.
func (l *login) session(r *http.Request) (pass, bool) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return pass{}, false
	}
	return passOfSession(l.passes, cookie.Value)
}

// check looks whether a token is right, and answers if it is not. After some wrong tokens
// it refuses all of the client for a while, so that guessing is slow.
func (l *login) check(w http.ResponseWriter, r *http.Request, token string) (pass, bool) {
	var found pass
	looked, right := l.guesses.try(r.RemoteAddr, time.Now(), func() (ok bool) {
		found, ok = passOfToken(l.passes, token)
		return ok
	})
	switch {
	case !looked:
		w.Header().Set("Retry-After", "2")
		refuse(l.config, w, r, http.StatusTooManyRequests, "too many wrong tokens: try again in some seconds")
	case !right:
		refuse(l.config, w, r, http.StatusUnauthorized, "the token is wrong")
	}
	return found, right
}

// enter takes the token of a person.
func (l *login) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, largestBody)
	found, ok := l.check(w, r, r.FormValue("token"))
	if !ok {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName, Value: found.session, Path: l.prefix + "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
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
