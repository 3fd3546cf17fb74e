package runs

import (
	"fmt"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/iomanagers"
)

// staying finds the values of a launch that another process could not load, as far as
// definitions and config tell. Each IO manager is named once. If the run is for many
// machines, staying also finds what other machines could not load.
func (l *Launcher) staying(launch launch, machines bool) []error {
	found := stayingValues{launcher: l, known: make(map[string]prepare.Known), told: make(map[string]bool)}
	resources := (*child.Prepared)(launch.child).Known()
	for _, resource := range resources {
		found.known[resource.Key] = resource
	}
	for _, step := range launch.plan.Steps {
		for _, output := range step.Outputs {
			found.add(output, machines)
		}
		for _, input := range step.Inputs {
			found.add(input.Output, machines)
		}
	}
	if machines {
		for _, resource := range resources {
			found.addResource(resource)
		}
	}
	return found.faults
}

// stayingValues are values that stay in a process or on a machine.
type stayingValues struct {
	launcher *Launcher
	known    map[string]prepare.Known // by key
	told     map[string]bool          // keys of IO managers that were looked at, and of resources that are named
	faults   []error
}

func (s *stayingValues) add(of assets.Output, machines bool) {
	if of.Type == nil || s.told[of.IO] {
		return
	}
	s.told[of.IO] = true
	if by, reason := s.why(of.IO, askProcess); reason != "" {
		s.told[by] = true
		s.faults = append(s.faults, staysFault(of, by, reason))
	} else if by, reason := s.why(of.IO, askMachine); machines && reason != "" {
		s.told[by] = true
		s.faults = append(s.faults, staysOnMachineFault(of, by, reason))
	}
}

// addResource adds a resource that keeps something on one machine, and is not named yet.
func (s *stayingValues) addResource(resource prepare.Known) {
	if s.told[resource.Key] {
		return
	}
	if reason, _ := sayOf(resource.Facts, askMachine); reason != "" {
		s.faults = append(s.faults, fmt.Errorf("the run uses resource %s, of which another machine sees nothing: %s; "+
			"if all machines see it, say so in its config; otherwise use a server that all machines reach, or execute the run on one machine", resource.Key, reason))
	}
}

// why returns why the values of an IO manager stay, and the key of the resource that says so.
// What the IO manager says itself counts before what the resources say that it is built from.
func (s *stayingValues) why(key string, ask askWhy) (by, reason string) {
	if s.launcher.config.IO != nil {
		reason, _ = ask(s.launcher.config.IO)
		return key, reason
	}
	resource := s.known[key]
	if reason, says := sayOf(resource.Facts, ask); says {
		return key, reason
	}
	for _, need := range resource.Needs {
		if by, reason := s.why(need, ask); reason != "" {
			return by, reason
		}
	}
	return key, ""
}

// askWhy asks a manager, or what is known of one, why its values stay. It returns says = false
// if the answer is not known.
type askWhy func(of any) (reason string, says bool)

func askProcess(of any) (reason string, says bool) {
	staying, says := of.(iomanagers.Staying)
	if says {
		reason = staying.StaysInProcess()
	}
	return reason, says
}

func askMachine(of any) (reason string, says bool) {
	local, says := of.(iomanagers.Local)
	if says {
		reason = local.StaysOnMachine()
	}
	return reason, says
}

// sayOf returns the first reason that one of the facts gives.
func sayOf(facts []any, ask askWhy) (reason string, says bool) {
	for _, fact := range facts {
		why, known := ask(fact)
		says = says || known
		if why != "" {
			return why, true
		}
	}
	return "", says
}

func staysFault(of assets.Output, by, reason string) error {
	return fmt.Errorf("%s is stored by %s, from which another process can't load it: %s; store it in files or in a database, or execute the run in this process", of.Key, of.IO, blamed(of.IO, by, reason))
}

func staysOnMachineFault(of assets.Output, by, reason string) error {
	return fmt.Errorf("%s is stored by %s, from which another machine can't load it: %s; "+
		"if all machines can load it, say so in the config; otherwise store it in a database or in a bucket that all machines reach, or execute the run on one machine", of.Key, of.IO, blamed(of.IO, by, reason))
}

// blamed says in a reason which resource it is about, if it is not the IO manager itself.
func blamed(io, by, reason string) string {
	if by == io {
		return reason
	}
	return "it needs resource " + by + ": " + reason
}

// stays returns why no other process can load the values of an IO manager, as far as its
// definition tells, or "".
func (l *Launcher) stays(key string) string {
	facts := []any{l.config.IO}
	if l.config.IO == nil {
		facts = (*child.Parent)(l.config.Container).Graph().Static(key)
	}
	reason, _ := sayOf(facts, askProcess)
	return reason
}

// onMachines reports whether a run is executed on many machines.
func (l *Launcher) onMachines(id string) bool {
	place, err := l.clusterOf(id)
	return err == nil && place != (history.Cluster{})
}
