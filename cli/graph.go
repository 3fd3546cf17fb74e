package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/internal/nearest"
)

// The formats of the command graph.
const (
	mermaidFormat = "mermaid"
	dotFormat     = "dot"
	treeFormat    = "tree"
)

func graphFormats() []string { return []string{mermaidFormat, dotFormat, treeFormat} }

func (p program) graphCommand() *cobra.Command {
	var job string
	var selects []string
	var format string
	var asJSON bool
	command := &cobra.Command{
		Use:   "graph",
		Short: "Draw which assets and resources need each other",
		Long: "Draw the graph of the assets, and of the resources that they and their IO managers\n" +
			"need. With --job it is the graph of the assets or ops of the job. An arrow points\n" +
			"from an asset, op or resource to another one that it needs.\n\n" +
			"The formats are mermaid, which GitHub draws inside Markdown, dot for Graphviz, and\n" +
			"tree, which is text for a terminal. Nothing is started.",
		Example: "  PROGRAM graph --format tree --select +revenue\n" +
			"  PROGRAM graph --format tree --job cleanup\n" +
			"  PROGRAM graph --format dot | dot -Tsvg -o graph.svg",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && cmd.Flags().Changed("format") {
				return invalid("reading the flags", "--json and --format exclude each other: give one of them")
			}
			if job != "" && len(selects) > 0 {
				return invalid("reading the flags", "--job and --select exclude each other: give one of them")
			}
			return p.drawGraph(cmd.OutOrStdout(), job, selects, format, asJSON)
		},
	}
	command.Flags().StringVarP(&job, "job", "j", "", "draw only the assets or ops of the job called `NAME`, and the resources that they need")
	command.Flags().StringArrayVarP(&selects, "select", "s", nil, "draw only the assets that an `EXPRESSION` selects, and the resources that they need (can be repeated: assets that any of them selects)")
	command.Flags().StringVarP(&format, "format", "f", mermaidFormat, "draw as `FORMAT`: mermaid, dot or tree")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	p.complete(command, "job", p.jobNames)
	p.complete(command, "select", p.selections)
	p.complete(command, "format", func(*session) []cobra.Completion { return graphFormats() })
	return command
}

func (p program) drawGraph(out io.Writer, job string, selects []string, format string, asJSON bool) error {
	if formats := graphFormats(); !slices.Contains(formats, format) {
		return invalid("reading the flags", "--format is one of %s, not %q%s", strings.Join(formats, ", "), format, nearest.Suggestion(format, formats))
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	picture, err := s.inspect.Picture(scopeOf(job, selects))
	if err != nil {
		return err
	}
	switch {
	case asJSON:
		return writeDocument(out, picture)
	case format == dotFormat:
		_, err = io.WriteString(out, picture.DOT())
	case format == treeFormat:
		writeTree(out, picture, screenOf(out))
	default:
		_, err = io.WriteString(out, picture.Mermaid())
	}
	if err != nil {
		return fmt.Errorf("writing the graph: %w", err)
	}
	return nil
}
