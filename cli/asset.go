package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// shownMaterializations is the largest number of materializations of an asset that
// are shown.
const shownMaterializations = 10

type assetFlags struct {
	launch launchFlags
	value  bool
	raw    bool
	json   bool
}

func (p program) assetCommand() *cobra.Command {
	var flags assetFlags
	command := &cobra.Command{
		Use:   "asset KEY",
		Short: "Show an asset, its last materializations, or its stored value",
		Long: "Show an asset: what it is made from, what is made from it, and its last\n" +
			"materializations.\n\n" +
			"--value writes the stored value as JSON. --raw writes text or bytes as they are\n" +
			"stored. Both start only the IO manager of the asset. The flags --job, --config and\n" +
			"--set give its config.",
		Example:           "  PROGRAM asset raw/orders\n  PROGRAM asset raw/orders --value | jq length",
		Args:              one("the key of an asset"),
		ValidArgsFunction: p.completions(p.assetKeys, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.value || flags.raw {
				return p.writeValue(cmd, args[0], flags)
			}
			return p.showAsset(cmd, args[0], flags.json)
		},
	}
	command.Flags().BoolVar(&flags.value, "value", false, "write the stored value as JSON")
	command.Flags().BoolVar(&flags.raw, "raw", false, "write the stored text or bytes as they are")
	command.Flags().BoolVar(&flags.json, "json", false, "write JSON")
	flags.launch.register(command, p, "with --value: use the launch defaults of the job called `NAME`")
	refuseServer(command)
	return command
}

func (p program) showAsset(cmd *cobra.Command, key string, asJSON bool) error {
	return p.reading(cmd, func(ctx context.Context, s *session) error {
		asset, err := s.inspect.Asset(key)
		if err != nil {
			return err
		}
		isKnown, err := withoutHistory(cmd, s.inspect.ReadMaterializations(ctx, &asset, shownMaterializations))
		if err != nil {
			return err
		}
		if asJSON {
			return writeDocument(cmd.OutOrStdout(), asset)
		}
		writeAsset(cmd.OutOrStdout(), asset, isKnown)
		return nil
	})
}

func writeAsset(out io.Writer, asset inspect.AssetDetail, isKnown bool) {
	screen := screenOf(out)
	_, _ = fmt.Fprintln(out, screen.in(bold, asset.Key))
	if asset.Description.Description != "" {
		_, _ = fmt.Fprintln(out, cleanLines(asset.Description.Description))
	}
	stored := asset.IO
	if asset.Format != "" {
		stored += " as " + asset.Format
	}
	if asset.Type == "" {
		stored = "by its own function"
	}
	var about facts
	about.add("type", asset.Type)
	about.add("function", asset.Function)
	about.add("defined at", asset.Position)
	about.add("stored", stored)
	about.add("rows", asset.RowsHint)
	about.add("group", asset.Group)
	about.add("tags", asset.Tags...)
	about.add("owners", asset.Owners...)
	about.add("code version", asset.CodeVersion)
	about.add("made with", asset.With...)
	about.add("step", asset.Step)
	if asset.Retries > 0 {
		about.add("attempts", fmt.Sprintf("%d at most", asset.Retries+1))
	}
	if asset.Timeout > 0 {
		about.add("timeout", asset.Timeout.String())
	}
	about.add("upstream", asset.Upstream...)
	about.add("downstream", asset.Downstream...)
	about.add("resources", asset.Resources...)
	about.write(out, screen)
	_, _ = fmt.Fprintln(out)
	if !isKnown {
		_, _ = fmt.Fprintln(out, "whether it was materialized is unknown")
		return
	}
	if len(asset.Materializations) == 0 {
		_, _ = fmt.Fprintln(out, "never materialized")
		return
	}
	t := table{columns: []column{{name: "MATERIALIZED"}, {name: "RUN"}, {name: "ROWS", right: true}, {name: "SIZE", right: true}, {name: "METADATA"}}}
	for _, event := range asset.Materializations {
		value := materializationOf(event)
		t.add(timeText(event.Time), event.RunID, rowsOf(value), sizeOf(value), metadataText(value))
	}
	t.write(out, screen, "")
}

// writeValue writes the stored value of an asset.
func (p program) writeValue(cmd *cobra.Command, key string, flags assetFlags) (err error) {
	if flags.value && flags.raw {
		return invalid("reading the flags", "--value and --raw exclude each other: give one of them")
	}
	config, err := flags.launch.config(cmd.InOrStdin())
	if err != nil {
		return err
	}
	interrupts := listen(cmd.Context())
	defer interrupts.close()
	ctx := interrupts.ctx
	s, err := interrupts.open(p.open)
	if err != nil {
		return err
	}
	defer func() { err = s.closeAfter(cmd, interrupts, err) }()
	_, output, err := s.graph.Asset(key)
	if err != nil {
		return err
	}
	if flags.raw && !isText(output.Type) {
		return invalid("reading the flags", "--raw is for assets of text or bytes, but %s is a %v: use --value", key, output.Type)
	}
	if config, err = s.inspect.JobConfig(flags.launch.job, config); err != nil {
		return err
	}
	writeReplaced(cmd.ErrOrStderr(), s.inspect.ReplacedConfigs(config))
	if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
		return err
	}
	var value any
	err = interrupts.during(func(ctx context.Context) error {
		return s.launcher.Read(ctx, key, asDocument(output.Type), func(stored any) error {
			value = stored
			return nil
		}, container.Launch(config), s.inspect.KnownSteps(flags.launch.job), s.inspect.OtherSteps(flags.launch.job))
	}, noteStopping(cmd))
	switch {
	case errors.Is(err, iomanagers.ErrNotFound):
		return fmt.Errorf("loading %s: nothing is stored yet: %s run --select %q makes it", key, typed(cmd.Parent()), "+"+key)
	case err != nil:
		return interruptedOr(ctx, err)
	}
	if !flags.raw {
		return writeDocument(cmd.OutOrStdout(), value)
	}
	if _, err := cmd.OutOrStdout().Write(reflect.ValueOf(value).Convert(reflect.TypeFor[[]byte]()).Bytes()); err != nil {
		return fmt.Errorf("writing the value of %s: %w", key, err)
	}
	return nil
}

// asDocument returns the Go type as which a value is loaded, to write it as JSON. A
// stream of rows is loaded as a list. The result is nil for the own type of the
// value.
func asDocument(t reflect.Type) reflect.Type {
	if shape, ok := rows.Of(t); ok && shape.Form.Streams() {
		return shape.Slice
	}
	return nil
}

func interruptedOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

// isText reports whether the values of a type are text or bytes, which --raw can
// write.
func isText(t reflect.Type) bool {
	return t != nil && (t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8)
}
