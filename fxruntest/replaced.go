package fxruntest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"

	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/container"
)

// replacements collects the events of Fx about fx.Replace. If a fake replaces
// nothing, the test must not go on with the real value.
type replacements struct {
	offered  []string
	taken    map[string]bool
	provided map[string]bool
}

func newReplacements() *replacements {
	return &replacements{taken: make(map[string]bool), provided: make(map[string]bool)}
}

// LogEvent implements fxevent.Logger.
func (r *replacements) LogEvent(event fxevent.Event) {
	switch event := event.(type) {
	case *fxevent.Replaced:
		r.offered = append(r.offered, event.OutputTypeNames...)
	case *fxevent.Run: // of a decorator: something asks for its type
		if name, ok := strings.CutPrefix(event.Name, "stub("); ok && event.Kind == "replace" {
			r.taken[strings.TrimSuffix(name, ")")] = true
		}
	case *fxevent.Provided:
		for _, name := range event.OutputTypeNames {
			r.provided[name] = true
		}
	case *fxevent.Supplied:
		r.provided[event.TypeName] = true
	}
}

// check reports fakes of a type that no definition asks for, no resource has
// and the application does not provide. If the application has a logger of its
// own, there are no events to check.
func (r *replacements) check(resources []container.Description) error {
	var faults []error
	for _, offered := range r.offered {
		if r.taken[offered] || r.provided[offered] {
			continue
		}
		faults = append(faults, fmt.Errorf("fx.Replace gives %s, which nothing here takes%s", offered, alike(offered, resources)))
	}
	return fault.Join("replacing by fakes", faults)
}

// alike names the resource that was probably meant.
func alike(offered string, resources []container.Description) string {
	for _, resource := range resources {
		if slices.ContainsFunc(resource.Types, func(t string) bool { return bare(t) == bare(offered) }) {
			return fmt.Sprintf("; resource %s is %s", resource.Key, strings.Join(resource.Types, " and "))
		}
	}
	return "; for an interface, replace by fx.Annotate(fake, fx.As(new(I)))"
}

// bare is a type's name without pointers and package.
func bare(t string) string { return t[strings.LastIndexAny(t, "*.")+1:] }
