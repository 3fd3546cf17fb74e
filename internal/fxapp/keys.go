package fxapp

import (
	"reflect"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// Every application of Fx has these by itself.
var (
	ShutdownerKey = signature.Key{Type: reflect.TypeFor[fx.Shutdowner]()}
	DotGraphKey   = signature.Key{Type: reflect.TypeFor[fx.DotGraph]()}
)

// EventLoggerKey is the key of the logger for the events of an application, which
// fx.WithLogger gives.
var EventLoggerKey = signature.Key{Type: reflect.TypeFor[fxevent.Logger]()}

// childKey is the key by which options of [Parts] find their child.
var childKey = signature.Key{Type: reflect.TypeFor[anyChild]()}

// anyChild is always a [Child]. For each function that has a pointer to a struct as a parameter,
// dig looks at all fields of the struct, which takes a tenth of the time of an application. An
// interface has no fields.
type anyChild interface{ isChild() }

func (*Child) isChild() {}

// Give returns the option that gives the child to the options of [Parts].
func Give(child *Child) fx.Option { return stackless.Provide(func() anyChild { return child }) }

// OfEveryApp reports whether every Fx application has a value for the key by
// itself. A resource may have a result with such a key too.
func OfEveryApp(key signature.Key) bool { return key == ShutdownerKey || key == DotGraphKey }
