package iomanagers

import (
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/resource"
)

// Files defines a resource with this key that is a [FileManager]. Assets name it
// with assets.IO, and the key "io_manager" is their default. If codecs are given,
// the manager has only these, and the first one is its default. So give JSON()
// beside CSV() if some values are not rows. Without codecs it has
// those of [NewFiles].
//
// Its config has two fields, root and shared. A launch may set them, and so may the
// environment variables KEY_ROOT and KEY_SHARED with the key in upper case, such as
// IO_MANAGER_ROOT.
func Files(key string, config FilesConfig, codecs ...Codec) container.Resource {
	return container.Provide(key,
		func(cfg FilesConfig) (*FileManager, error) { return NewFiles(cfg, codecs...) },
		container.Config(config, container.FromEnv(variablePrefix(key))),
		container.As[IOManager](),
		Checks(CheckCodecs(codecs...)),
		StoredTogether(""),
		container.Describe("stores values as files"))
}

// Checks says of a resource that gives an IO manager which types that manager can
// store, so that a type which it can't store is a fault of the definitions,
// found before a run exists. It is for the definition of a manager of your own:
//
//	container.Provide("warehouse", newManager, container.As[iomanagers.IOManager](), iomanagers.Checks(checker))
//
// The checker is asked while definitions are checked, before there is a manager,
// and by all containers of the definition: it must be safe for concurrent use.
// For a manager that is a [CodecManager], [CheckCodecs] makes the checker.
func Checks(checker Checker) container.Option { return resource.Static("iomanagers.Checks", checker) }

// StoredTogether says of a resource that gives an IO manager with which others it
// stores the values of one step together: with those of the same group. So the
// launcher can warn of a step whose values are stored by others, before it runs. The
// group "" is that of managers that are a [Stager]. Managers that are a [Joiner] name
// what they share, such as a database. Without StoredTogether nothing is known.
func StoredTogether(group string) container.Option {
	return resource.Static("iomanagers.StoredTogether", togetherness(group))
}

// togetherness is a group of managers. Package internal/binding finds its method.
type togetherness string

func (t togetherness) StoredTogether() string { return string(t) }

func variablePrefix(key string) string {
	return strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// Memory defines a resource with this key that is a [MemoryManager]. All runs
// share it: what one run stores, the next one can load, until the process ends.
func Memory(key string) container.Resource {
	manager := NewMemory()
	return container.Supply(key, manager,
		container.As[IOManager](),
		Checks(manager),
		StoredTogether(""),
		container.Describe("keeps values in memory"))
}
