package runs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/fxrun/fxrun/history"
)

// maskHandler is a slog.Handler that masks the secrets of a run in what it passes on.
type maskHandler struct {
	slog.Handler
	mask    mask
	secrets bool // whether there are any; if not, values need not be written to find them
}

func (h maskHandler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, h.mask(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		masked.AddAttrs(h.attr(attr, 0))
		return true
	})
	return h.Handler.Handle(ctx, masked)
}

func (h maskHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return maskHandler{h.Handler.WithAttrs(h.attrs(attrs, 0)), h.mask, h.secrets}
}

func (h maskHandler) WithGroup(name string) slog.Handler {
	return maskHandler{h.Handler.WithGroup(name), h.mask, h.secrets}
}

func (h maskHandler) attrs(attrs []slog.Attr, depth int) []slog.Attr {
	masked := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		masked[i] = h.attr(attr, depth)
	}
	return masked
}

func (h maskHandler) attr(attr slog.Attr, depth int) slog.Attr {
	return slog.Attr{Key: attr.Key, Value: h.value(attr.Value.Resolve(), depth)}
}

// value masks one value. A value of a type of its own goes on as it is where it
// shows no secret, and as text where it does. One that no handler could come to the
// end of is replaced.
func (h maskHandler) value(value slog.Value, depth int) slog.Value {
	switch value.Kind() {
	case slog.KindGroup:
		if depth > maxGroups {
			return slog.StringValue(tooManyGroups)
		}
		return slog.GroupValue(h.attrs(value.Group(), depth+1)...)
	case slog.KindBool, slog.KindDuration, slog.KindTime:
		return value
	case slog.KindAny:
		if err := history.CheckValue(value.Any()); err != nil {
			return slog.StringValue("not recorded: " + err.Error())
		}
		if !h.secrets {
			return value
		}
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
