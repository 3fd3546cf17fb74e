package resource

import (
	"context"
	"log/slog"
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// The types that every child container has by itself.
var (
	ContextType   = reflect.TypeFor[context.Context]()
	LifecycleType = reflect.TypeFor[fx.Lifecycle]()
	LoggerType    = reflect.TypeFor[*slog.Logger]()
	RunInfoType   = reflect.TypeFor[RunInfo]()
)

// Builtins returns the types that every child container has by itself.
func Builtins() []reflect.Type {
	return []reflect.Type{ContextType, LifecycleType, LoggerType, RunInfoType}
}

// IsBuiltinKey reports whether every child container has a value for the key by
// itself. This is not so if the key has a name or a group.
func IsBuiltinKey(key signature.Key) bool {
	return key == signature.Key{Type: key.Type} && slices.Contains(Builtins(), key.Type)
}
