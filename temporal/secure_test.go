package temporal_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// apiKey is what the door of a test wants to see.
const apiKey = "hunter2-of-the-cloud"

// authority signs certificates.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate, a.key = a.sign(template, template)
	return a
}

// sign returns a certificate with a new key. A parent that is the template signs itself.
func (a *authority) sign(template, parent *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	signer := key
	if parent != template {
		signer = a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return made, key
}

// issue returns a certificate for a server or for a client with a name.
func (a *authority) issue(name string) tls.Certificate {
	a.t.Helper()
	made, key := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.certificate)
	return tls.Certificate{Certificate: [][]byte{made.Raw}, PrivateKey: key, Leaf: made}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

func (a *authority) write(kind string, der []byte) string {
	a.t.Helper()
	file := filepath.Join(a.t.TempDir(), "file.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return file
}

// file is the certificate of the authority as a file.
func (a *authority) file() string { return a.write("CERTIFICATE", a.certificate.Raw) }

// files are a certificate of the authority and its key as files.
func (a *authority) files(of tls.Certificate) (certificate, key string) {
	a.t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(of.PrivateKey)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write("CERTIFICATE", of.Leaf.Raw), a.write("PRIVATE KEY", der)
}

// door stands before a server of Temporal. It wants TLS and a certificate of the client, and
// notes who has entered. The name in its own certificate is temporal.example.
type door struct {
	*authority
	address string

	mu     sync.Mutex
	guests map[string]bool // names of clients and what they have shown, as "name: authorization"
}

// newDoor returns a door that lets those in who show an API key. An empty key lets all in.
func newDoor(t *testing.T, server, key string) *door {
	t.Helper()
	d := &door{authority: newAuthority(t), guests: make(map[string]bool)}
	plain := &http.Transport{Protocols: new(http.Protocols)}
	plain.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(plain.CloseIdleConnections)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server})
	proxy.Transport, proxy.FlushInterval = plain, -1
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {} // the client has gone
	opened := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown := r.Header.Get("Authorization")
		d.mu.Lock()
		d.guests[r.TLS.PeerCertificates[0].Subject.CommonName+": "+shown] = true
		d.mu.Unlock()
		if key != "" && shown != "Bearer "+key {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set("Grpc-Status", "16") // unauthenticated
			w.Header().Set("Grpc-Message", "the key is unknown")
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	opened.EnableHTTP2 = true
	opened.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	opened.TLS = &tls.Config{Certificates: []tls.Certificate{d.issue("temporal.example")}, ClientCAs: d.pool(), ClientAuth: tls.RequireAndVerifyClientCert}
	opened.StartTLS()
	t.Cleanup(opened.Close)
	d.address = opened.Listener.Addr().String()
	return d
}

// enter changes a config so that it is let in.
func (d *door) enter(config *temporal.Config) {
	config.Address, config.TLSServerName, config.TLSCA = d.address, "temporal.example", d.file()
	config.TLSCert, config.TLSKey = d.files(d.issue("worker of a test"))
	config.APIKey = container.NewSecret(apiKey)
}

func (d *door) seen() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return fmt.Sprint(d.guests)
}

// book keeps what is logged. It is safe for concurrent use.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *book) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newSecureStage returns a stage that reaches Temporal by a door, and what it logs.
func newSecureStage(t *testing.T, key string, change func(*temporal.Config, *door)) (*stage, *door, *book) {
	t.Helper()
	s := newStage(t, nil)
	d, logged := newDoor(t, s.server.Address(), key), new(book)
	s.connect = func(config *temporal.Config) {
		d.enter(config)
		if change != nil {
			change(config, d)
		}
	}
	launcher, cluster, closeAll, err := s.newLauncher(logged.logger())
	if err != nil {
		t.Fatal(err)
	}
	s.launcher, s.work = launcher, cluster.Work
	t.Cleanup(func() {
		if err := closeAll(); err != nil {
			t.Error(err)
		}
		if strings.Contains(logged.String(), apiKey) {
			t.Errorf("the log has the key:\n%s", logged)
		}
	})
	return s, d, logged
}

func TestATemporalBehindTLS(t *testing.T) {
	t.Parallel()
	t.Run("is reached with a certificate and a key, which nobody else sees", func(t *testing.T) {
		t.Parallel()
		s, d, _ := newSecureStage(t, apiKey, nil)
		defer s.startWork()()
		run := s.launch(runs.Request{Selection: "+third"})
		if err := run.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := d.seen(), "map[worker of a test: Bearer "+apiKey+":true]"; got != want {
			t.Errorf("the door has seen %s, want %s", got, want)
		}
		events, err := s.launcher.Store().Events(t.Context(), history.EventQuery{RunID: run.ID()})
		if err != nil || strings.Contains(fmt.Sprintf("%+v", events), apiKey) {
			t.Errorf("the history has the key: %v, %+v", err, events)
		}
	})
	t.Run("refuses a key that it does not know, and the error does not show the key", func(t *testing.T) {
		t.Parallel()
		s, _, _ := newSecureStage(t, "another key", nil)
		run := s.launch(runs.Request{Selection: "small"})
		err := run.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "the key is unknown") || strings.Contains(err.Error(), apiKey) {
			t.Errorf("the launcher got %v", err)
		}
		err = s.work(t.Context(), s.launcher)
		if err == nil || !strings.Contains(err.Error(), "the key is unknown") || strings.Contains(err.Error(), apiKey) {
			t.Errorf("the worker got %v", err)
		}
	})
	for name, wrong := range map[string]struct {
		change func(*temporal.Config, *door)
		want   string
	}{
		"if another authority has signed its certificate": {
			func(config *temporal.Config, d *door) { config.TLSCA = newAuthority(d.t).file() }, "certificate signed by unknown authority",
		},
		"if its certificate has another name": {
			func(config *temporal.Config, _ *door) { config.TLSServerName = "elsewhere.example" }, "certificate is valid for temporal.example, not elsewhere.example",
		},
		"without a certificate of the client": {
			func(config *temporal.Config, _ *door) { config.TLSCert, config.TLSKey = "", "" }, "certificate required",
		},
		"with a certificate of the client that another authority has signed": {
			func(config *temporal.Config, d *door) {
				other := newAuthority(d.t)
				config.TLSCert, config.TLSKey = other.files(other.issue("stranger"))
			}, "tls: unknown certificate authority",
		},
		"without TLS": {
			func(config *temporal.Config, d *door) {
				*config = temporal.Config{Address: d.address, TaskQueue: "test", Heartbeat: time.Second}
			}, "EOF",
		},
	} {
		t.Run("is not reached "+name+", and the worker says why while it waits", func(t *testing.T) {
			t.Parallel()
			s, d, logged := newSecureStage(t, apiKey, wrong.change)
			stop := s.startWork()
			// A server that refuses a client may hang up before the client has read why. It does not do so each time.
			s.await("a warning that says "+wrong.want, func() bool {
				return strings.Contains(logged.String(), "Temporal can't be reached") && strings.Contains(logged.String(), wrong.want)
			})
			stop()
			if got := d.seen(); got != "map[]" {
				t.Errorf("the door has seen %s", got)
			}
		})
	}
}

func TestAKeyIsNotSentWithoutTLS(t *testing.T) {
	t.Parallel()
	called := make(chan string, 1)
	plain := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case called <- r.Header.Get("Authorization"):
		default:
		}
	}))
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	plain.Start()
	t.Cleanup(plain.Close)
	for key, want := range map[string]bool{"": true, apiKey: false} {
		s, logged := newStage(t, nil), new(book)
		s.connect = func(config *temporal.Config) {
			config.Address, config.APIKey = plain.Listener.Addr().String(), container.NewSecret(key)
		}
		launcher, cluster, closeAll, err := s.newLauncher(logged.logger())
		if err != nil {
			t.Fatal(err)
		}
		s.launcher, s.work = launcher, cluster.Work
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- s.work(ctx, s.launcher) }()
		s.await("a call or a warning", func() bool { return len(called) > 0 || strings.Contains(logged.String(), "Temporal can't be reached") })
		cancel()
		<-over // its error may be that the server is none of Temporal
		select {
		case shown := <-called:
			if !want {
				t.Errorf("a server without TLS was called with %q", shown)
			}
		default:
			if want {
				t.Error("the server of the test takes no calls")
			}
		}
		if err := closeAll(); err != nil {
			t.Error(err)
		}
	}
}
