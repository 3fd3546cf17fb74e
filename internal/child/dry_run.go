package child

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
)

// dryRun asks Fx which constructors the child's options would call, without
// calling any. Fx's options can't be looked into, and in a dry run the only
// thing that Fx tells, and only to an fx.Logger, is its log in text: each
// resource stands in a module of its own, whose name is in the line.
func (p *preparation) dryRun() (*recorder, error) {
	recorded := newRecorder()
	provide := func(option fx.Option, n *graph.Node) fx.Option { return fx.Module(moduleName(n), option) }
	dry := *p
	dry.config.options = fxoption.WithoutLoggers(p.config.options) // which would hide what is to be recorded
	options := append([]fx.Option{fx.Logger(recorded), fx.Provide(func() *childState { return nil })}, dry.fxOptions(provide, nil)...)
	return recorded, fx.ValidateApp(options...)
}

func moduleName(n *graph.Node) string { return "resource " + n.Key }

// recorder is the fx.Printer of a dry run.
type recorder struct {
	constructed map[string]bool // modules whose constructor would be called
	offered     map[string]bool // types that fx.Replace offers
	taken       map[string]bool // those of them that something takes
}

func newRecorder() *recorder {
	return &recorder{constructed: map[string]bool{}, offered: map[string]bool{}, taken: map[string]bool{}}
}

var (
	runLine     = regexp.MustCompile(`^\[Fx\] RUN\t(provide|replace): (?:stub\((.*)\)|.*) in \S+(?: from module "([^"]*)")?\s*$`)
	replaceLine = regexp.MustCompile(`^\[Fx\] REPLACE\t(.*?)(?: from module "[^"]*")?\s*$`)
)

// Printf takes a line of Fx's log.
func (r *recorder) Printf(format string, args ...any) {
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
		r.constructed[match[3]] = true
	}
}

// unused returns the types that fx.Replace offers and nothing takes.
func (r *recorder) unused() []string {
	var types []string
	for t := range r.offered {
		if !r.taken[t] {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	return types
}
