package graph

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// InputKind says where a parameter gets its value from.
type InputKind int

// The kinds of inputs.
const (
	absentInput    InputKind = iota // optional, and nobody provides it
	providerInput                   // a result of one resource
	groupInput                      // results of several resources, and members of the host application
	hostInput                       // a value of the host application
	ConfigInput                     // the resource's own config
	ContextInput                    // the child's context
	LifecycleInput                  // the resource's own fx.Lifecycle
	LoggerInput                     // the resource's own *slog.Logger
	runInfoInput                    // the child's RunInfo
)

// Input is how a parameter gets its value.
type Input struct {
	Kind      InputKind
	param     signature.Param
	providers []Provider
	own       bool          // for a hostInput, see Ask.Own
	value     reflect.Value // for a hostInput; for a groupInput, the slice of the members of the host application
}

// builtin returns the kind of input for a value that every child has by itself.
func builtin(key signature.Key) (InputKind, bool) {
	if !resource.IsBuiltinKey(key) {
		return absentInput, false
	}
	switch key.Type {
	case resource.ContextType:
		return ContextInput, true
	case resource.LifecycleType:
		return LifecycleInput, true
	case resource.LoggerType:
		return LoggerInput, true
	case resource.RunInfoType:
		return runInfoInput, true
	}
	return absentInput, false
}
