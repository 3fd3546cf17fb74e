package temporal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/fxrun/fxrun/internal/fault"
)

// newClient returns a client of Temporal. It does not connect before it is used.
func (c Config) newClient(logger *slog.Logger) (client.Client, error) {
	secure, faults := c.tls()
	if len(faults) > 0 {
		return nil, fault.Join("reading the files that the config of temporal names", faults)
	}
	options := client.Options{
		HostPort: c.Address, Namespace: c.Namespace, ConnectionOptions: client.ConnectionOptions{TLS: secure},
		Logger: log.NewStructuredLogger(slog.New(quiet{logger.Handler()})),
	}
	if key := c.APIKey.Reveal(); key != "" {
		options.Credentials = client.NewAPIKeyStaticCredentials(key)
	}
	made, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("making a client of Temporal at %s: %w", c.Address, err)
	}
	return made, nil
}

// tls returns how the connection is encrypted, or nil if it is not, and what is wrong with its
// files.
func (c Config) tls() (*tls.Config, []error) {
	if !c.TLS && c.TLSServerName == "" && c.TLSCA == "" && c.TLSCert == "" && c.APIKey.Reveal() == "" {
		return nil, nil
	}
	var faults []error
	secure := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.TLSServerName}
	if c.TLSCA != "" {
		secure.RootCAs = x509.NewCertPool()
		text, err := os.ReadFile(c.TLSCA)
		if err != nil {
			faults = append(faults, fmt.Errorf("tls_ca: %w", err))
		} else if !secure.RootCAs.AppendCertsFromPEM(text) {
			faults = append(faults, fmt.Errorf("tls_ca: the file %s has no certificates in the form of PEM", c.TLSCA))
		}
	}
	if c.TLSCert != "" {
		own, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			faults = append(faults, fmt.Errorf("tls_cert and tls_key: %w", err))
		}
		secure.Certificates = []tls.Certificate{own}
	}
	return secure, faults
}

// quiet leaves out what the library of Temporal tells of its normal work.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

// Handle leaves out that the heartbeat of an activity was cut off by the end of the activity.
// A heartbeat that is not heard is no news either: whoever needs it tries again.
func (q quiet) Handle(ctx context.Context, record slog.Record) error {
	if record.Message == "RecordActivityHeartbeat with error" {
		return nil
	}
	return q.Handler.Handle(ctx, record)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
