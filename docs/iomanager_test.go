package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// FolderConfig is the config of the manager, as every resource may have one.
type FolderConfig struct {
	Root string `required:"true"`
}

// Folder keeps each value in a file.
type Folder struct{ root string }

func NewFolder(cfg FolderConfig) *Folder { return &Folder{cfg.Root} }

func (f *Folder) path(asset string) string {
	return filepath.Join(f.root, url.PathEscape(asset)+".json")
}

// Store does what handle_output does in Dagster.
func (f *Folder) Store(_ context.Context, out iomanagers.Output, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("storing %s: %w", out, err)
	}
	out.AddMetadata("bytes", int64(len(text)))
	return os.WriteFile(f.path(out.Asset), text, 0o600)
}

// Load does what load_input does in Dagster. dst points to a variable of the wanted type.
func (f *Folder) Load(_ context.Context, in iomanagers.Input, dst any) error {
	text, err := os.ReadFile(f.path(in.Asset))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("loading %s: %w", in, iomanagers.ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("loading %s: %w", in, err)
	}
	return json.Unmarshal(text, dst)
}

// folder is the IO manager of all assets that name no other.
func folder(root string) fx.Option {
	return container.Provide("io_manager", NewFolder,
		container.Config(FolderConfig{Root: root}),
		container.As[iomanagers.IOManager]())
}

// A Shower is a row.
type Shower struct {
	Day string  `json:"day" csv:"day"`
	MM  float64 `json:"mm" csv:"mm"`
}

type (
	Rain  []Shower
	Total float64
)

func MeasureRain() Rain { return Rain{{"Mon", 3}, {"Tue", 4.5}} }

func SumUp(rain Rain) (total Total) {
	for _, shower := range rain {
		total += Total(shower.MM)
	}
	return total
}

// rainfall keeps one asset in a folder of its own, as CSV. The default IO manager
// keeps the other asset.
func rainfall(archive string) fx.Option {
	return fx.Options(
		iomanagers.Files("archive", iomanagers.FilesConfig{Root: archive}),
		assets.New("rain", MeasureRain, assets.IO("archive"), assets.Format("csv")),
		assets.New("rain/total", SumUp),
	)
}

func Example_iOManager() {
	root, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(root) }()
	var launcher *runs.Launcher
	app := fx.New(fxrun.Module, folder(root), rainfall(filepath.Join(root, "archive")), fx.Populate(&launcher), fx.NopLogger)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()
	fmt.Println(execute(ctx, launcher, runs.Request{Selection: "*"}))
	for _, name := range []string{"rain%2Ftotal.json", "archive/rain.csv"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		fmt.Printf("%s: %q %v\n", name, text, err)
	}
	// Output:
	// <nil>
	// rain%2Ftotal.json: "7.5" <nil>
	// archive/rain.csv: "day,mm\nMon,3\nTue,4.5\n" <nil>
}
