package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Formats of graph.
const (
	mermaidFormat = "mermaid"
	dotFormat     = "dot"
	treeFormat    = "tree"
)

func graphFormats() []string { return []string{mermaidFormat, dotFormat, treeFormat} }

func (p program) graphCommand() *cobra.Command {
	var selects []string
	var format string
	var asJSON bool
	command := &cobra.Command{
		Use:   "graph",
		Short: "Draw what needs what: assets and resources",
		Long: "Draw what needs what: assets, and the resources that they and their IO managers\n" +
			"lead to. An arrow points from what needs to what is needed.\n\n" +
			"The formats are mermaid, which GitHub draws inside Markdown, dot, for Graphviz,\n" +
			"and tree, text for a terminal. Nothing is started.",
		Example: "  PROGRAM graph --format tree --select +revenue\n" +
			"  PROGRAM graph --format dot | dot -Tsvg -o graph.svg",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && cmd.Flags().Changed("format") {
				return invalid("reading the flags", "--json and --format are two formats: give one of them")
			}
			return p.drawGraph(cmd.OutOrStdout(), selects, format, asJSON)
		},
	}
	command.Flags().StringArrayVarP(&selects, "select", "s", nil, "only the assets that an `EXPRESSION` selects, and the resources that they lead to (repeatable: any of them)")
	command.Flags().StringVarP(&format, "format", "f", mermaidFormat, "draw as `FORMAT`: mermaid, dot or tree")
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	p.complete(command, "select", p.selections)
	p.complete(command, "format", func(*session) []cobra.Completion { return graphFormats() })
	return command
}

func (p program) drawGraph(out io.Writer, selects []string, format string, asJSON bool) error {
	if formats := graphFormats(); !slices.Contains(formats, format) {
		return invalid("reading the flags", "--format is one of %s, not %q%s", strings.Join(formats, ", "), format, nearest.Suggestion(format, formats))
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	picture, err := s.picture(selects)
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

// picture is the selected assets and what they need; without a selection, all
// there is.
func (s *session) picture(selects []string) (container.Picture, error) {
	selected, err := s.selected(selects)
	if err != nil {
		return container.Picture{}, err
	}
	var targets []*container.Target
	described := make(map[string]assetNode)
	plan, err := s.graph.Plan("*")
	if err != nil {
		return container.Picture{}, err
	}
	slices.SortFunc(plan.Steps, func(a, b *assets.Step) int { return strings.Compare(a.Key, b.Key) })
	for _, step := range plan.Steps {
		if !selected[step.Outputs[0].Key] {
			continue
		}
		asset, _, err := s.graph.Asset(step.Outputs[0].Key)
		if err != nil {
			return container.Picture{}, err
		}
		asset.Key, asset.Upstream = step.Key, step.Needs
		targets = append(targets, step.Target())
		described[step.Target().Name()] = assetNode{asset, step}
	}
	picture := s.container.Picture(targets...)
	for i, node := range picture.Nodes {
		if asset, ok := described[node.ID]; ok {
			picture.Nodes[i] = asset.complete(node)
		} else {
			picture.Nodes[i].Group = "resources"
		}
	}
	if len(selects) > 0 {
		picture.Nodes = reached(picture.Nodes)
	}
	return picture, nil
}
