package host

import (
	"reflect"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/signature"
)

// made are the types to which fxrun.Module and fxrun.Daemon make pointers from the definitions.
// The packages of these types import this package, so the types are compared by package path and
// name.
var made = []string{"container.Container", "assets.Graph", "runs.Launcher", "automation.Automations", "automation.Daemon"}

// IsMade reports whether fxrun.Module makes a type from the definitions, so that a definition
// which asks for it would be a cycle.
func IsMade(key signature.Key) bool { return slices.Contains(made, ownName(key.Type)) }

// IsStepContext reports whether a type is *assets.Context, which a step has.
func IsStepContext(t reflect.Type) bool { return ownName(t) == "assets.Context" }

// module is the path of fxrun's Go module, with a slash at its end.
var module = strings.TrimSuffix(reflect.TypeFor[Value]().PkgPath(), "internal/host")

// ownName returns the package and the name of the type that t points to, as in
// "runs.Launcher", if the package belongs to fxrun. Otherwise it returns "".
func ownName(t reflect.Type) string {
	if t.Kind() != reflect.Pointer {
		return ""
	}
	inside, ok := strings.CutPrefix(t.Elem().PkgPath(), module)
	if !ok {
		return ""
	}
	return inside + "." + t.Elem().Name()
}
