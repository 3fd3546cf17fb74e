package server

import (
	"net"
	"net/http"
	"slices"
	"strings"
)

// policy says what a page may load: files of the server alone, and no inline scripts or
// styles.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; frame-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// largestBody is the largest body of a request, in bytes. A run config is the largest
// thing that is sent.
const largestBody = 1 << 20

// guard puts everything that protects the pages around them.
func guard(config Config, next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(config, w, r, http.StatusForbidden, "this request comes from another site and was refused")
	}))
	handler := limited(next)
	if config.ReadOnly {
		handler = readOnly(config, handler)
	}
	if config.asksForToken() {
		handler = newLogin(config, handler)
	}
	handler = protection.Handler(handler)
	return logged(config, onlyFor(config, handler))
}

// headers sets the headers that every answer has.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// onlyFor refuses requests for hosts that are not among those that the server has. A page
// of a stranger can point a name of its own to this address, and would then be on the same
// site as the server for the browser.
func onlyFor(config Config, next http.Handler) http.Handler {
	hosts := config.Hosts
	if slices.Contains(hosts, "*") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.ToLower(strings.Trim(host, "[]"))
		if !isLoopback(host) && !slices.ContainsFunc(hosts, func(own string) bool { return strings.EqualFold(own, host) }) {
			refuse(config, w, r, http.StatusMisdirectedRequest, "this server does not answer for this host name; the flag --host allows it")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, largestBody)
		next.ServeHTTP(w, r)
	})
}

func isReading(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
}

func readOnly(config Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isReading(r) {
			refuse(config, w, r, http.StatusForbidden, "this server is read only")
			return
		}
		next.ServeHTTP(w, r)
	})
}
