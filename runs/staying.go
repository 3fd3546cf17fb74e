package runs

import (
	"fmt"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/iomanagers"
)

// staying finds the values of a plan that another process could not load, as far as the
// definitions tell. Each IO manager is named once.
func (l *Launcher) staying(plan *assets.Plan) []error {
	var faults []error
	told := make(map[string]bool)
	find := func(of assets.Output) {
		if of.Type == nil || told[of.IO] {
			return
		}
		told[of.IO] = true
		if reason := l.stays(of.IO); reason != "" {
			faults = append(faults, staysFault(of, reason))
		}
	}
	for _, step := range plan.Steps {
		for _, output := range step.Outputs {
			find(output)
		}
		for _, input := range step.Inputs {
			find(input.Output)
		}
	}
	return faults
}

func staysFault(of assets.Output, reason string) error {
	return fmt.Errorf("%s is stored by %s, from which another process can't load it: %s; store it in files or in a database, or execute the run in this process", of.Key, of.IO, reason)
}

// stays returns why no other process can load the values of an IO manager, or "".
func (l *Launcher) stays(key string) string {
	if l.config.IO != nil {
		return staysBecause(l.config.IO)
	}
	for _, fact := range (*child.Parent)(l.config.Container).Graph().Static(key) {
		if reason := staysBecause(fact); reason != "" {
			return reason
		}
	}
	return ""
}

func staysBecause(of any) string {
	if staying, ok := of.(iomanagers.Staying); ok {
		return staying.StaysInProcess()
	}
	return ""
}
