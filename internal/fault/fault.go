package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrInvalid is matched by every error that says that definitions or a launch
// are wrong: nothing was started, and the same call will fail again until the
// definitions, the run config or the environment are corrected.
var ErrInvalid = errors.New("invalid")

// Faults is everything found wrong with the definitions or with a launch, at
// once. It matches [ErrInvalid] and each fault's own cause.
type Faults struct { //nolint:errname // it is many
	// Doing is what was being done, as in "building the container".
	Doing string
	// Errs are the faults in a fixed order.
	Errs []error
}

// Error returns one line for a single fault, and a numbered list for more.
func (f *Faults) Error() string {
	if len(f.Errs) == 1 {
		return f.Doing + ": " + f.Errs[0].Error()
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %d faults:", f.Doing, len(f.Errs))
	for i, err := range f.Errs {
		fmt.Fprintf(&text, "\n  %d. %s", i+1, strings.ReplaceAll(err.Error(), "\n", "\n     "))
	}
	return text.String()
}

// Unwrap returns the faults, for errors.Is and errors.As.
func (f *Faults) Unwrap() []error { return f.Errs }

// Of takes an error apart: it returns the faults of a *[Faults], or the
// errors that errors.Join has joined, in a slice of the caller's own; any other
// error alone, and nothing for nil.
func Of(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.Clone(joined.Unwrap())
	}
	return []error{err}
}

// Is reports whether target is [ErrInvalid].
func (f *Faults) Is(target error) bool { return target == ErrInvalid }

// Errorf is fmt.Errorf for one fault; its own name keeps faults, which are
// gathered, apart from errors, which are returned.
func Errorf(format string, args ...any) error { return fmt.Errorf(format, args...) }

// Join gathers what is wrong into one *[Faults], leaving out nil and
// repeated texts. It returns nil where nothing is left.
func Join(doing string, errs []error) error {
	kept := make([]error, 0, len(errs))
	seen := make(map[string]bool, len(errs))
	for _, err := range errs {
		if err == nil || seen[err.Error()] {
			continue
		}
		seen[err.Error()] = true
		kept = append(kept, err)
	}
	if len(kept) == 0 {
		return nil
	}
	return &Faults{Doing: doing, Errs: slices.Clip(kept)}
}
