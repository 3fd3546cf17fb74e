package automation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
)

// LogLine is a log line as a JSON object, with time, level, msg and the attributes.
type LogLine = json.RawMessage

const (
	// maxLines is how many lines of a tick are kept, and maxLine how long one may be.
	maxLines = 100
	maxLine  = 4096
)

// logLines keeps the first lines of a tick. It is safe for concurrent use.
type logLines struct {
	mu    sync.Mutex
	lines []LogLine
}

// Write takes one line.
func (l *logLines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < maxLines && len(line) <= maxLine && json.Valid(line) {
		l.lines = append(l.lines, LogLine(bytes.TrimSpace(bytes.Clone(line))))
	}
	return len(line), nil
}

func (l *logLines) all() []LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]LogLine(nil), l.lines...)
}

// newTickLogger returns a logger that writes to lines, and to another logger unless it is
// nil. Secrets are masked in both.
func newTickLogger(lines *logLines, outside *slog.Logger, mask func(string) string, about slog.Attr) *slog.Logger {
	handlers := []slog.Handler{slog.NewJSONHandler(lines, nil)}
	if outside != nil {
		handlers = append(handlers, outside.Handler().WithAttrs([]slog.Attr{about}))
	}
	return slog.New(&maskHandler{slog.NewMultiHandler(handlers...), mask})
}

// maskHandler masks the secrets in what it passes on.
type maskHandler struct {
	slog.Handler
	mask func(string) string
}

func (m *maskHandler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, m.mask(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		masked.AddAttrs(m.attr(attr))
		return true
	})
	return m.Handler.Handle(ctx, masked)
}

func (m *maskHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	masked := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		masked[i] = m.attr(attr)
	}
	return &maskHandler{m.Handler.WithAttrs(masked), m.mask}
}

func (m *maskHandler) WithGroup(name string) slog.Handler {
	return &maskHandler{m.Handler.WithGroup(name), m.mask}
}

// attr returns an attribute whose texts are masked. A value whose text has a secret
// becomes text.
func (m *maskHandler) attr(attr slog.Attr) slog.Attr {
	value := attr.Value.Resolve()
	switch value.Kind() {
	case slog.KindGroup:
		group := value.Group()
		masked := make([]slog.Attr, len(group))
		for i, one := range group {
			masked[i] = m.attr(one)
		}
		return slog.Attr{Key: m.mask(attr.Key), Value: slog.GroupValue(masked...)}
	case slog.KindString:
		return slog.String(m.mask(attr.Key), m.mask(value.String()))
	case slog.KindAny:
		text := fmt.Sprint(value.Any())
		if masked := m.mask(text); masked != text {
			return slog.String(m.mask(attr.Key), masked)
		}
	default: // numbers and times hold no secrets
	}
	return slog.Attr{Key: m.mask(attr.Key), Value: value}
}
