package resource

import (
	"fmt"
	"time"
)

// Lifetime is how long one instance of a resource lives.
type Lifetime int

// The lifetimes, longest first.
const (
	// LifetimeProcess lasts from the first child that needs the resource until the
	// container is closed. All children share the instance.
	LifetimeProcess Lifetime = iota - 1
	// LifetimeRun lasts as long as the child that Container.NewChild opened. It is
	// the default.
	LifetimeRun
	// LifetimeStep lasts as long as the nested child that Child.NewChild opened.
	// Without a nested child it lasts as long as the child itself.
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
	return optionFunc(func(d *Declaration) {
		if d.hasLifetime && d.Lifetime != l {
			d.fault("it lives per %s and per %s: give one of them", d.Lifetime, l)
		}
		d.Lifetime, d.hasLifetime = l, true
	})
}

// PerProcess makes all children share one instance. Package container documents
// it.
func PerProcess() Option { return lives(LifetimeProcess) }

// PerRun gives each child an instance of its own. It is the default.
func PerRun() Option { return lives(LifetimeRun) }

// PerStep gives each nested child an instance of its own. Package container
// documents it.
func PerStep() Option { return lives(LifetimeStep) }

// Eager starts the resource even if nothing asks for it. Package container
// documents it.
func Eager() Option { return optionFunc(func(d *Declaration) { d.Eager = true }) }

// StartRetry makes up to n more attempts if the constructor of the resource or
// a start hook returns an error. Package container documents it.
func StartRetry(n int, backoff func(attempt int) time.Duration) Option {
	return optionFunc(func(d *Declaration) {
		if n < 0 {
			d.fault("container.StartRetry(%d): it must not be negative", n)
		}
		d.Retries, d.Backoff = n, backoff
	})
}
