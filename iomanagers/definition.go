package iomanagers

import (
	"strings"

	"github.com/fxrun/fxrun/container"
)

// Files makes a [FileManager] the resource called key, which assets name by
// assets.IO; the key "io_manager" is their default. codecs, if any is given, are
// all that it knows, the first its default: give JSON() beside
// parquetcodec.Parquet() if some values are no rows. They are otherwise as for
// [NewFiles].
//
// Its config has one field, root, that a launch may set, as may the environment
// variable KEY_ROOT, in upper case: IO_MANAGER_ROOT.
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

// Memory makes a [MemoryManager] the resource called key. All runs share it:
// what one stores, the next can load, until the process ends.
func Memory(key string) container.Resource {
	manager := NewMemory()
	return container.Supply(key, manager,
		container.As[IOManager](),
		container.Static(manager),
		container.Describe("keeps values in memory"))
}
