package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func (p program) jobsCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "jobs",
		Short: "List the jobs",
		Long:  "List the jobs: named selections of assets, or graphs of ops, with defaults for their\nlaunch.\n\n" + serverHelp,
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return p.listJobs(cmd, asJSON) },
	}
	command.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	registerServer(command)
	return command
}

func (p program) listJobs(cmd *cobra.Command, asJSON bool) error {
	var jobs []inspect.Job
	err := p.definitionsOr(cmd, func(ctx context.Context, r *remote) (err error) {
		jobs, err = r.Jobs(ctx)
		return err
	}, func(s *session) (err error) {
		jobs, err = s.inspect.Jobs()
		return err
	})
	if err != nil {
		return err
	}
	if asJSON {
		return writeDocument(cmd.OutOrStdout(), jobs)
	}
	if len(jobs) == 0 {
		_, _ = fmt.Fprintln(cmd.OutOrStdout(), "no jobs are defined")
		return nil
	}
	jobTable(jobs).write(cmd.OutOrStdout(), screenOf(cmd.OutOrStdout()), "")
	return nil
}

func jobTable(jobs []inspect.Job) *table {
	t := &table{columns: []column{{name: "JOB"}, {name: "SELECTION"}, {name: "ASSETS", right: true}, {name: "TAGS"}, {name: "DESCRIPTION"}}}
	ofOps := slices.ContainsFunc(jobs, func(job inspect.Job) bool { return len(job.Ops) > 0 })
	if ofOps {
		t.columns = slices.Insert(t.columns, 3, column{name: "OPS"})
	}
	for _, job := range jobs {
		cells := []string{job.Name, job.Selection, countText(int64(len(job.Assets))), pairs(job.Tags), job.Description}
		if ofOps {
			cells = slices.Insert(cells, 3, opNames(job.Ops))
		}
		t.add(cells...)
	}
	return t
}

func opNames(ops []assets.Description) string {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = op.Key
	}
	return strings.Join(names, " ")
}

// tagTexts returns the tags of a run, with its policies in words.
func tagTexts(tags map[string]string) string {
	policies, others := runs.PoliciesOf(tags)
	if len(others) > 0 {
		policies = append([]string{pairs(others)}, policies...)
	}
	return strings.Join(policies, ", ")
}

// pairs returns tags in the form a=b, sorted.
func pairs(tags map[string]string) string {
	texts := make([]string, 0, len(tags))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		texts = append(texts, name+"="+tags[name])
	}
	return strings.Join(texts, " ")
}
