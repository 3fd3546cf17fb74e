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
	var job string
	var selects []string
	var format string
	var asJSON bool
	command := &cobra.Command{
		Use:   "graph",
		Short: "Draw what needs what: assets and resources",
		Long: "Draw what needs what: assets, and the resources that they and their IO managers\n" +
			"lead to; with --job, those of the job, or its ops. An arrow points from what needs to\n" +
			"what is needed.\n\n" +
			"The formats are mermaid, which GitHub draws inside Markdown, dot, for Graphviz,\n" +
			"and tree, text for a terminal. Nothing is started.",
		Example: "  PROGRAM graph --format tree --select +revenue\n" +
			"  PROGRAM graph --format tree --job cleanup\n" +
			"  PROGRAM graph --format dot | dot -Tsvg -o graph.svg",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON && cmd.Flags().Changed("format") {
				return invalid("reading the flags", "--json and --format are two formats: give one of them")
			}
			if job != "" && len(selects) > 0 {
				return invalid("reading the flags", "--job and --select are two selections: give one of them")
			}
			return p.drawGraph(cmd.OutOrStdout(), job, selects, format, asJSON)
		},
	}
	command.Flags().StringVarP(&job, "job", "j", "", "only the assets or the ops of the job called `NAME`, and the resources that they lead to")
	command.Flags().StringArrayVarP(&selects, "select", "s", nil, "only the assets that an `EXPRESSION` selects, and the resources that they lead to (repeatable: any of them)")
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
	picture, err := s.picture(job, selects)
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

// picture is the steps of the job, or of the selected assets, and what they
// need; without either, all assets and resources.
func (s *session) picture(job string, selects []string) (container.Picture, error) {
	plan, err := s.plan(job, selects)
	if err != nil {
		return container.Picture{}, err
	}
	drawn, err := s.stepNodes(job, plan)
	if err != nil {
		return container.Picture{}, err
	}
	var targets []*container.Target
	described := make(map[string]stepNode)
	for _, node := range drawn {
		targets = append(targets, node.step.Target())
		described[node.step.Target().Name()] = node
	}
	picture := s.container.Picture(targets...)
	for i, node := range picture.Nodes {
		if step, ok := described[node.ID]; ok {
			picture.Nodes[i] = step.complete(node)
		} else {
			picture.Nodes[i].Group = "resources"
		}
	}
	if plan != nil {
		picture.Nodes = reached(picture.Nodes)
	}
	return picture, nil
}

// stepNodes are the steps to draw, by key: those of the plan, or, where it is
// nil, of all assets.
func (s *session) stepNodes(job string, plan *assets.Plan) ([]stepNode, error) {
	for _, described := range s.graph.Jobs() {
		if described.Name == job && len(described.Ops) > 0 {
			return opNodes(described, plan), nil
		}
	}
	whole, err := s.graph.Plan("*") // in a smaller plan steps need no more than what is in it
	if err != nil {
		return nil, err
	}
	slices.SortFunc(whole.Steps, func(a, b *assets.Step) int { return strings.Compare(a.Key, b.Key) })
	planned := make(map[string]bool)
	if plan != nil {
		for _, step := range plan.Steps {
			planned[step.Key] = true
		}
	}
	var nodes []stepNode
	for _, step := range whole.Steps {
		if plan != nil && !planned[step.Key] {
			continue
		}
		asset, _, err := s.graph.Asset(step.Outputs[0].Key)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, assetNode(asset, step))
	}
	return nodes, nil
}
