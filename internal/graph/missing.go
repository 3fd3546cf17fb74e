package graph

import (
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/typename"
)

func (g *Graph) ambiguous(key signature.Key, providers []Provider) error {
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = `name:"` + p.Node.Key + `"`
	}
	slices.Sort(names)
	return fault.Errorf("it needs %s, which %s give: say which by a tag in an fx.In struct, %s",
		key, keysOf(providers), strings.Join(names, " or "))
}

// missing returns the error of a key that nothing provides. It names similar
// types, or else has the hint.
func (g *Graph) missing(key signature.Key, hint string) error {
	text := ""
	if key.Name != "" {
		var sameType []string
		for _, n := range g.Nodes {
			for _, result := range n.Function.Results {
				if result.Type == key.Type {
					sameType = append(sameType, n.Key)
				}
			}
		}
		switch n, known := g.ByKey[key.Name]; {
		case known && len(n.Function.Results) > 0:
			text = "; resource " + key.Name + " is a " + typename.Of(n.Function.Results[0].Type)
		default:
			text = nearest.Suggestion(key.Name, sameType)
		}
	}
	if text == "" {
		text = g.alike(key.Type)
	}
	if own := builtinAlike(key.Type); own != nil {
		text = ": take it as " + typename.Of(own)
	}
	if elsewhere := g.elsewhere(key.Type); elsewhere != "" {
		text = elsewhere
	}
	if text == "" {
		text = hint
	}
	return fault.Errorf("it needs %s, which nothing provides%s", key, text)
}

// elsewhere says which functions can have a type that no resource and no host
// application can give.
func (g *Graph) elsewhere(t reflect.Type) string {
	switch made := g.host.made[t]; {
	case host.IsMade(signature.Key{Type: t}):
		return ": it is made of the definitions, so what a run uses cannot take it; the functions of the host application that launch runs can"
	case host.IsStepContext(t):
		return ": only the functions of assets and ops have it; a resource can take container.RunInfo and *slog.Logger"
	case made != "":
		return "; it is the value of " + made + ", and only the functions of assets and ops take those"
	}
	return ""
}

// alike names resources whose type differs from t only by a pointer or by its
// package, or that implement the interface t.
func (g *Graph) alike(t reflect.Type) string {
	var found []string
	for _, n := range g.Nodes {
		for _, result := range n.Function.Results {
			if isAlike(t, result.Type) {
				found = append(found, "resource "+n.Key+" gives "+typename.Of(result.Type))
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return "; " + strings.Join(found, ", ")
}

// builtinAlike returns the type given by fxrun itself that differs from t only
// by a pointer. It returns nil if there is none.
func builtinAlike(t reflect.Type) reflect.Type {
	for _, own := range resource.Builtins() {
		if reflect.PointerTo(t) == own || t == reflect.PointerTo(own) {
			return own
		}
	}
	return nil
}

func isAlike(wanted, given reflect.Type) bool {
	bare := nearest.BareType
	switch {
	case wanted == given:
		return true
	case wanted.Kind() == reflect.Interface && wanted.NumMethod() > 0:
		return given.Implements(wanted)
	case given.Kind() == reflect.Interface && given.NumMethod() > 0:
		return wanted.Implements(given)
	}
	return bare(wanted) == bare(given) || bare(wanted).Name() != "" && bare(wanted).Name() == bare(given).Name()
}
