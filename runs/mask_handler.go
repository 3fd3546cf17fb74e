package runs

import (
	"context"
	"fmt"
	"log/slog"
)

// maskHandler is a slog.Handler that masks the secrets of a run in what it passes on.
type maskHandler struct {
	slog.Handler
	mask mask
}

func (h maskHandler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, h.mask(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		masked.AddAttrs(h.attr(attr))
		return true
	})
	return h.Handler.Handle(ctx, masked)
}

func (h maskHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return maskHandler{h.Handler.WithAttrs(h.attrs(attrs)), h.mask}
}

func (h maskHandler) WithGroup(name string) slog.Handler {
	return maskHandler{h.Handler.WithGroup(name), h.mask}
}

func (h maskHandler) attrs(attrs []slog.Attr) []slog.Attr {
	masked := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		masked[i] = h.attr(attr)
	}
	return masked
}

func (h maskHandler) attr(attr slog.Attr) slog.Attr {
	return slog.Attr{Key: attr.Key, Value: h.value(attr.Value.Resolve())}
}

// value masks one value. A value of a type of its own goes on as it is where it
// shows no secret, and as text where it does.
func (h maskHandler) value(value slog.Value) slog.Value {
	switch value.Kind() {
	case slog.KindGroup:
		return slog.GroupValue(h.attrs(value.Group())...)
	case slog.KindBool, slog.KindDuration, slog.KindTime:
		return value
	case slog.KindAny:
		text := fmt.Sprintf("%+v", value.Any())
		if masked := h.mask(text); masked != text {
			return slog.StringValue(masked)
		}
		// A handler may write it in another way: by its methods for JSON and text.
		if encoded, changed := h.mask.encoded(value.Any()); changed {
			return slog.AnyValue(encoded)
		}
		return value
	default: // text and numbers
		text := value.String()
		if masked := h.mask(text); masked != text {
			return slog.StringValue(masked)
		}
		return value
	}
}
