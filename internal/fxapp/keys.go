package fxapp

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// Every application of Fx has these by itself.
var (
	ShutdownerKey = signature.Key{Type: reflect.TypeFor[fx.Shutdowner]()}
	DotGraphKey   = signature.Key{Type: reflect.TypeFor[fx.DotGraph]()}
)

// childKey is what options of [Parts] find their child by.
var childKey = signature.Key{Type: reflect.TypeFor[*Child]()}

// OfEveryApp reports whether every Fx app has a key by itself, as a result of a
// resource may have too.
func OfEveryApp(key signature.Key) bool { return key == ShutdownerKey || key == DotGraphKey }
