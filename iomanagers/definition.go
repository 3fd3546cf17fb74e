package iomanagers

import (
	"strings"

	"github.com/fxrun/fxrun/container"
)

// Files defines a resource with this key that is a [FileManager]. Assets name it
// with assets.IO, and the key "io_manager" is their default. If codecs are given,
// the manager has only these, and the first one is its default. So give JSON()
// beside parquetcodec.Parquet() if some values are not rows. Without codecs it has
// those of [NewFiles].
//
// Its config has one field, root. A launch may set it, and so may the environment
// variable KEY_ROOT with the key in upper case, such as IO_MANAGER_ROOT.
func Files(key string, config FilesConfig, codecs ...Codec) container.Resource {
	return container.Provide(key,
		func(cfg FilesConfig) (*FileManager, error) { return NewFiles(cfg, codecs...) },
		container.Config(config, container.FromEnv(variablePrefix(key))),
		container.As[IOManager](),
		container.Static(CheckCodecs(codecs...)),
		container.Describe("stores values as files"))
}

func variablePrefix(key string) string {
	return strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// Memory defines a resource with this key that is a [MemoryManager]. All runs
// share it: what one run stores, the next one can load, until the process ends.
func Memory(key string) container.Resource {
	manager := NewMemory()
	return container.Supply(key, manager,
		container.As[IOManager](),
		container.Static(manager),
		container.Describe("keeps values in memory"))
}
