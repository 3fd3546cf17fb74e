package resource

import (
	"context"
	"log/slog"
	"reflect"
	"slices"

	"go.uber.org/fx"
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

// IsBuiltin reports whether t is one of [Builtins].
func IsBuiltin(t reflect.Type) bool { return slices.Contains(Builtins(), t) }
