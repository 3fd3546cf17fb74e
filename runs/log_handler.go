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
	var all attrGroup
	for _, scoped := range h.attrs {
		all.add(scoped.groups, scoped.attr, 0)
	}
	record.Attrs(func(attr slog.Attr) bool {
		all.add(h.groups, attr, 0)
		return true
	})
	attrs := all.attrs().Settled()
	if resource, ok := attrs.Get(resourceAttr).(string); ok {
		line.Resource = resource
		attrs = slices.DeleteFunc(attrs, func(attr history.Attr) bool { return attr.Name == resourceAttr })
	}
	if len(attrs) > 0 {
		line.Attrs = attrs
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

// attrGroup is a group of attributes of a line, or all of them. A group in it is
// an attribute whose value is an *attrGroup.
type attrGroup struct{ members history.Attrs }

// add adds an attribute within nested groups. It leaves out and inlines what
// slog's JSON handler does: an empty attribute and a group without members are
// left out, the members of a group without a name stand in its place. Groups with
// the same name become one.
//
// depth is the number of groups that the attribute stands in.
func (g *attrGroup) add(groups []string, attr slog.Attr, depth int) {
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
			g.add(groups, member, depth+1)
		}
		return
	}
	in := g
	for _, name := range groups {
		in = in.group(name)
	}
	in.members = append(in.members, history.Attr{Name: attr.Key, Value: attr.Value.Any()})
}

// group returns the group with a name, and adds it if there is none.
func (g *attrGroup) group(name string) *attrGroup {
	if inner, ok := g.members.Get(name).(*attrGroup); ok {
		return inner
	}
	inner := new(attrGroup)
	g.members = append(g.members, history.Attr{Name: name, Value: inner})
	return inner
}

// attrs returns the members, each group as attributes.
func (g *attrGroup) attrs() history.Attrs {
	for i, member := range g.members {
		if inner, ok := member.Value.(*attrGroup); ok {
			g.members[i].Value = inner.attrs()
		}
	}
	return g.members
}
