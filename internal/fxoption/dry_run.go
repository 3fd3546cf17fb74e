package fxoption

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// DryRun asks Fx which functions an application of the options would call, and
// calls none of them. In a dry run Fx writes only a log in text, and only to an
// fx.Logger. So loggers among the options are left out.
func DryRun(options []fx.Option) (*Recorded, error) {
	recorded := &Recorded{Called: map[string]bool{}, offered: map[string]bool{}, taken: map[string]bool{}}
	return recorded, fx.ValidateApp(append([]fx.Option{fx.Logger(recorded)}, WithoutLoggers(options)...)...)
}

// Recorded is what a dry run has found out. It is an fx.Printer.
type Recorded struct {
	// Called has the names of the modules that have a constructor which Fx would
	// call.
	Called  map[string]bool
	offered map[string]bool // types that fx.Replace offers
	taken   map[string]bool // the offered types that something takes
}

var (
	runLine     = regexp.MustCompile(`^\[Fx\] RUN\t(provide|replace): (?:stub\((.*)\)|.*) in \S+(?: from module "([^"]*)")?\s*$`)
	replaceLine = regexp.MustCompile(`^\[Fx\] REPLACE\t(.*?)(?: from module "[^"]*")?\s*$`)
)

// Printf reads one line of the log of Fx.
func (r *Recorded) Printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if strings.HasPrefix(line, "[Fx] REPLACE\t") {
		if match := replaceLine.FindStringSubmatch(line); match != nil {
			r.offered[match[1]] = true
		}
		return
	}
	if !strings.HasPrefix(line, "[Fx] RUN\t") { // most lines say what is provided
		return
	}
	match := runLine.FindStringSubmatch(line)
	switch {
	case match == nil:
	case match[1] == "replace":
		r.taken[match[2]] = true
	case match[3] != "":
		r.Called[match[3]] = true
	}
}

// Resource is a resource that an fx.Replace could be meant for.
type Resource struct {
	Key   string
	Types []string
}

// Unused reports the types that fx.Replace offers and that nothing takes, except
// those that it is told to ignore. A run with such a fake would use the real value.
// place is a part of the error text, and resources are those that could be meant.
func (r *Recorded) Unused(place string, passedOver func(string) bool, resources []Resource) []error {
	var faults []error
	for offered := range r.offered {
		if !r.taken[offered] && !passedOver(offered) {
			faults = append(faults, fault.Errorf("fx.Replace gives %s, which nothing %s takes%s", offered, place, meant(offered, resources)))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// meant returns a text that names the resource that was probably meant.
func meant(offered string, resources []Resource) string {
	for _, resource := range resources {
		if slices.ContainsFunc(resource.Types, func(t string) bool { return nearest.Name(bare(offered), []string{bare(t)}) != "" }) {
			return fmt.Sprintf("; resource %s is %s", resource.Key, strings.Join(resource.Types, " and "))
		}
	}
	return "; for an interface, replace by fx.Annotate(value, fx.As(new(I)))"
}

// bare returns the name of a type without its pointer, its package and the name
// tag that Fx adds.
func bare(t string) string {
	t, _, _ = strings.Cut(t, "[")
	return t[strings.LastIndexAny(t, "*.")+1:]
}
