package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

// names returns the names that a person may type on the command line.
type names func(*session) []cobra.Completion

// complete adds completion to a flag of a command.
func (p program) complete(command *cobra.Command, flag string, names names) {
	// There is an error only if the flag does not exist.
	_ = command.RegisterFlagCompletionFunc(flag, p.completions(names, -1))
}

// completions completes arguments as long as there are fewer than most. If most is
// -1, their number is not limited.
func (p program) completions(names names, most int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if most >= 0 && len(args) >= most {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		s, err := p.open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return names(s), cobra.ShellCompDirectiveNoFileComp
	}
}

func (p program) assetKeys(s *session) []cobra.Completion {
	var keys []cobra.Completion
	for _, asset := range s.graph.Assets() {
		keys = append(keys, cobra.CompletionWithDesc(asset.Key, clean(asset.Description)))
	}
	return keys
}

// selections returns the keys, groups and tags that a selection may consist of.
func (p program) selections(s *session) []cobra.Completion {
	var terms []cobra.Completion
	for _, asset := range s.graph.Assets() {
		if asset.Group != "" {
			terms = append(terms, "group:"+asset.Group)
		}
		for _, tag := range asset.Tags {
			terms = append(terms, "tag:"+tag)
		}
	}
	slices.Sort(terms)
	return append(p.assetKeys(s), slices.Compact(terms)...)
}

func (p program) jobNames(s *session) []cobra.Completion {
	var jobs []cobra.Completion
	for _, job := range s.graph.Jobs() {
		jobs = append(jobs, cobra.CompletionWithDesc(job.Name, clean(job.Description)))
	}
	return jobs
}

func (p program) resourceKeys(s *session) []cobra.Completion {
	var keys []cobra.Completion
	for _, resource := range s.container.Resources() {
		keys = append(keys, cobra.CompletionWithDesc(resource.Key, clean(resource.Description)))
	}
	return keys
}
