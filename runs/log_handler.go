package runs

import (
	"context"
	"log/slog"
	"slices"

	"github.com/fxrun/fxrun/history"
)

// resourceAttr is the attribute with which a child container marks what a
// resource logs.
const resourceAttr = "resource"

// maxGroups is how deeply groups of attributes may be nested in one attribute: a
// group can hold itself.
const (
	maxGroups     = 20
	tooManyGroups = "not recorded: groups of attributes that are nested more than 20 levels deep"
)

// logHandler is a slog.Handler that records lines with a run.
type logHandler struct {
	level  slog.Level // the lowest that is recorded
	record func(history.LogWritten)
	attrs  []scopedAttr
	groups []string
}

// scopedAttr is an attribute with the groups that were open when it was added.
type scopedAttr struct {
	groups []string
	attr   slog.Attr
}

var _ slog.Handler = (*logHandler)(nil)

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

func (h *logHandler) Handle(_ context.Context, record slog.Record) error {
	line := history.LogWritten{Level: record.Level, Message: record.Message}
	values := make(history.Values)
	for _, scoped := range h.attrs {
		addAttr(values, scoped.groups, scoped.attr, 0)
	}
	record.Attrs(func(attr slog.Attr) bool {
		addAttr(values, h.groups, attr, 0)
		return true
	})
	if resource, ok := values[resourceAttr].(string); ok {
		line.Resource = resource
		delete(values, resourceAttr)
	}
	if len(values) > 0 {
		line.Attrs = values.Settled()
	}
	h.record(line)
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clone(h.attrs)
	for _, attr := range attrs {
		with.attrs = append(with.attrs, scopedAttr{h.groups, attr})
	}
	return &with
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.groups = append(slices.Clone(h.groups), name)
	return &with
}

// addAttr puts an attribute into nested maps, as slog's JSON handler would
// write it: empty attributes and groups are left out, a group without a name
// is inlined.
//
// depth is how many groups of attributes it stands in.
func addAttr(values history.Values, groups []string, attr slog.Attr, depth int) {
	attr.Value = attr.Value.Resolve()
	if depth > maxGroups && attr.Value.Kind() == slog.KindGroup {
		attr = slog.String(attr.Key, tooManyGroups)
	}
	if attr.Equal(slog.Attr{}) {
		return
	}
	if attr.Value.Kind() == slog.KindGroup {
		if attr.Key != "" {
			groups = append(slices.Clone(groups), attr.Key)
		}
		for _, member := range attr.Value.Group() {
			addAttr(values, groups, member, depth+1)
		}
		return
	}
	in := map[string]any(values)
	for _, group := range groups {
		inner, ok := in[group].(map[string]any)
		if !ok {
			inner = make(map[string]any)
			in[group] = inner
		}
		in = inner
	}
	in[attr.Key] = attr.Value.Any()
}
