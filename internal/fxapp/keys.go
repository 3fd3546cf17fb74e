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

// childKey is the key by which options of [Parts] find their child.
var childKey = signature.Key{Type: reflect.TypeFor[*Child]()}

// OfEveryApp reports whether every Fx application has a value for the key by
// itself. A resource may have a result with such a key too.
func OfEveryApp(key signature.Key) bool { return key == ShutdownerKey || key == DotGraphKey }
