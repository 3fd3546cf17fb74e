package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func (p program) resourcesCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "resources",
		Short: "List the resources",
		Long: "List the resources with the config that a launch without run config would give them.\n" +
			"Secrets are masked, ? stands for a value that is missing.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.listResources(cmd, asJSON) },
	}
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return command
}

func (p program) listResources(cmd *cobra.Command, asJSON bool) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	resources := s.container.Resources()
	if asJSON {
		return writeDocument(cmd.OutOrStdout(), list(resources))
	}
	if len(resources) == 0 {
		_, _ = fmt.Fprintln(cmd.OutOrStdout(), "no resources are defined")
		return nil
	}
	t := table{columns: []column{{name: "RESOURCE"}, {name: "TYPE"}, {name: "CONFIG"}, {name: "NEEDS"}, {name: "USED BY"}}}
	users := s.users()
	for _, resource := range resources {
		t.add(resource.Key, firstType(resource), configSummary(resource.Config),
			strings.Join(resource.Needs, " "), strings.Join(append(resource.UsedBy, users[resource.Key]...), " "))
	}
	t.write(cmd.OutOrStdout(), screenOf(cmd.OutOrStdout()), "")
	return nil
}

func firstType(resource container.Description) string {
	if len(resource.Types) == 0 {
		return ""
	}
	return resource.Types[0]
}

// users are the assets, and the ops as "op:JOB/NAME", that ask for each resource
// or are stored by it, by the resource's key.
func (s *session) users() map[string][]string {
	users := make(map[string][]string)
	add := func(user string, keys []string) {
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			if key != "" {
				users[key] = append(users[key], user)
			}
		}
	}
	for _, asset := range s.graph.Assets() {
		add(asset.Key, append(asset.Resources, asset.IO))
	}
	for _, job := range s.graph.Jobs() {
		for _, step := range s.opSteps(job) {
			keys := step.Target().Resources()
			for _, output := range step.Outputs {
				keys = append(keys, output.IO)
			}
			add(string(step.Kind)+":"+job.Name+"/"+step.Key, keys)
		}
	}
	return users
}

// opSteps are the steps of a job of ops, in an order in which they may be
// executed; none of a job of assets.
func (s *session) opSteps(job assets.JobDescription) []*assets.Step {
	if len(job.Ops) == 0 {
		return nil
	}
	named, err := s.graph.Job(job.Name)
	if err != nil { // it was listed
		return nil
	}
	return named.Plan.Steps
}

// configSummary is a config in a line, without the fields that nobody set.
func configSummary(fields []container.Field) string {
	var texts []string
	for _, field := range fields {
		switch field.Source {
		case container.FromZero:
		case container.FromNowhere:
			texts = append(texts, field.Path+"=?")
		default:
			texts = append(texts, field.Path+"="+field.Value)
		}
	}
	return strings.Join(texts, " ")
}
