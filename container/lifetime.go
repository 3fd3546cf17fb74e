package container

import (
	"fmt"
	"strings"
	"time"
)

// Lifetime is how long one instance of a resource lives.
type Lifetime int

// The lifetimes, longest first.
const (
	// LifetimeProcess: from the first child that needs the resource until the container
	// is closed. All children share it.
	LifetimeProcess Lifetime = iota - 1
	// LifetimeRun: as long as the child that was opened by [Container.NewChild]. It is
	// the default.
	LifetimeRun
	// LifetimeStep: as long as the nested child that was opened by [Child.NewChild], or
	// as the child itself where there is none.
	LifetimeStep
)

// String returns process, run or step.
func (l Lifetime) String() string {
	switch l {
	case LifetimeProcess:
		return "process"
	case LifetimeRun:
		return "run"
	case LifetimeStep:
		return "step"
	}
	return fmt.Sprintf("Lifetime(%d)", int(l))
}

// MarshalText returns the same as String.
func (l Lifetime) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (l *Lifetime) UnmarshalText(text []byte) error {
	for _, known := range []Lifetime{LifetimeProcess, LifetimeRun, LifetimeStep} {
		if known.String() == string(text) {
			*l = known
			return nil
		}
	}
	return fmt.Errorf("there is no lifetime %q", text)
}

func lives(l Lifetime) Option {
	return optionFunc(func(d *resourceDefinition) {
		if d.hasLifetime && d.lifetime != l {
			d.fault("it lives per %s and per %s: give one of them", d.lifetime, l)
		}
		d.lifetime, d.hasLifetime = l, true
	})
}

// PerProcess makes all children share one instance: it starts when a child
// first needs it, and stops when the container is closed. A launch can't
// configure it, what it is told about the run is the zero [RunInfo], and its
// context ends with the container.
func PerProcess() Option { return lives(LifetimeProcess) }

// PerRun gives each child an instance of its own. It is the default.
func PerRun() Option { return lives(LifetimeRun) }

// PerStep gives each nested child an instance of its own; see [Child.NewChild].
// In a child without nested ones it is as PerRun.
func PerStep() Option { return lives(LifetimeStep) }

// Eager starts the resource whether or not anything asks for it: with every
// child of its lifetime, or, for one that lives per process, with
// [Container.Start] or the first child.
func Eager() Option { return optionFunc(func(d *resourceDefinition) { d.eager = true }) }

// StartRetry tries up to n more times, where the resource's constructor or a
// start hook goes wrong: what had started of it is stopped, and after a wait
// the constructor is called again. backoff gives the wait before each further
// attempt, counted from 1, and nil is no wait: see package backoff. A cancelled
// child tries no more.
func StartRetry(n int, backoff func(attempt int) time.Duration) Option {
	return optionFunc(func(d *resourceDefinition) {
		if n < 0 {
			d.fault("container.StartRetry(%d): it must not be negative", n)
		}
		d.retries, d.backoff = n, backoff
	})
}

// checkLifetimes reports every resource that needs one that does not live as
// long as itself.
func (c *Container) checkLifetimes() []error {
	var faults []error
	for _, n := range c.nodes {
		if n.lifetime == LifetimeProcess && n.config != nil && len(n.config.RequiredAtLaunch()) > 0 {
			faults = append(faults, n.faultf("it lives per process, so no launch can give it %s", strings.Join(n.config.RequiredAtLaunch(), ", ")))
		}
		for _, need := range n.needs {
			if need.lifetime > n.lifetime {
				faults = append(faults, n.faultf("it lives per %s, and needs resource %s (%s), which lives only per %s: %s -> %s",
					n.lifetime, need.key, need.position, need.lifetime, n.key, need.key))
			}
		}
	}
	return faults
}
