package host

import (
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/internal/signature"
)

// IsMade reports whether a type is what fxrun.Module itself makes, of the
// definitions: asking for it here would be a cycle. The packages of these types
// import this one, so the types are told by package path and name, which
// together are a type's identity.
func IsMade(key signature.Key) bool {
	switch ownName(key.Type) {
	case "container.Container", "assets.Graph", "runs.Launcher":
		return true
	}
	return false
}

// IsStepContext reports whether a type is *assets.Context, which a step has.
func IsStepContext(t reflect.Type) bool { return ownName(t) == "assets.Context" }

// ownName is the package below that of fxrun's module, and the name, of the type
// that t points to; "" for the types of others.
func ownName(t reflect.Type) string {
	if t.Kind() != reflect.Pointer {
		return ""
	}
	module := strings.TrimSuffix(reflect.TypeFor[Value]().PkgPath(), "internal/host")
	inside, ok := strings.CutPrefix(t.Elem().PkgPath(), module)
	if !ok {
		return ""
	}
	return inside + "." + t.Elem().Name()
}
