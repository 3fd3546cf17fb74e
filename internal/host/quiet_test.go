package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/host"
)

func TestQuiet(t *testing.T) {
	for name, option := range map[string]fx.Option{
		"an application that works":   fx.Provide(func() int8 { return 1 }),
		"an application with a cycle": fx.Provide(func(int8) int8 { return 1 }),
	} {
		t.Run(name+" writes nothing", func(t *testing.T) {
			file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
			if err != nil {
				t.Fatal(err)
			}
			defer func(before *os.File) { os.Stderr = before }(os.Stderr)
			os.Stderr = file
			_ = fx.New(host.Quiet, option, fx.Invoke(func(int8) {}))
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file.Name())
			if err != nil || len(text) > 0 {
				t.Errorf("standard error: %s, %v", text, err)
			}
		})
	}
}
