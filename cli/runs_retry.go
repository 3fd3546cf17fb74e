package cli

import (
	"context"
	"maps"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/runs"
)

type retryFlags struct {
	run     runFlags
	options runs.RetryOptions
	selects []string
}

func (p program) retryRunCommand() *cobra.Command {
	var flags retryFlags
	command := &cobra.Command{
		Use:   "retry ID",
		Short: "Repeat a run from where it failed",
		Long: "Repeat a run, as a new run with the same job or selection, config and tags. Only\n" +
			"the steps that did not succeed are executed. They get the values that the earlier\n" +
			"run has stored, and only what they need is started. The beginning of an ID is\n" +
			"enough. Secrets that the earlier launch gave literally must be given again.\n\n" + serverHelp + "\n\n" + exitCodes,
		Example: "  PROGRAM runs retry k3v9\n  PROGRAM runs retry k3v9 --all\n" +
			"  PROGRAM runs retry k3v9 --select 'revenue+' --set resources.warehouse.config.table=orders_2026",
		Args:              one("the ID of a run"),
		ValidArgsFunction: p.completeRun,
		RunE:              func(cmd *cobra.Command, args []string) error { return p.retryRun(cmd, args[0], flags) },
	}
	flags.run.launch.registerConfig(command)
	command.Flags().BoolVar(&flags.options.All, "all", false, "repeat all steps of the run")
	command.Flags().StringArrayVarP(&flags.selects, "select", "s", nil, "repeat the assets of the run that an `EXPRESSION` selects (can be repeated: any of them)")
	command.Flags().StringArrayVarP(&flags.run.tags, "tag", "t", nil, "put a tag on the run, `NAME=VALUE` (can be repeated)")
	flags.run.executed.register(command)
	command.Flags().BoolVarP(&flags.run.verbose, "verbose", "v", false, "show every resource, and debug lines of the log")
	command.Flags().BoolVar(&flags.run.json, "json", false, "write every event as a line of JSON, and the record of the run last")
	registerServer(command)
	p.complete(command, "select", p.selections)
	return command
}

func (p program) retryRun(cmd *cobra.Command, id string, flags retryFlags) error {
	flags.options.Selection = eitherOf(flags.selects)
	if flags.options.All && len(flags.selects) > 0 {
		return invalid("reading the flags", "--all and --select exclude each other: give one of them")
	}
	return p.repeat(cmd, id, flags.options, flags.run)
}

// runAgain repeats the last run as a whole.
func (p program) runAgain(cmd *cobra.Command, flags runFlags) error {
	for _, other := range []string{"job", "select", "dry-run"} {
		if cmd.Flags().Changed(other) {
			return invalid("reading the flags", "--again and --%s exclude each other: give one of them", other)
		}
	}
	return p.repeat(cmd, "", runs.RetryOptions{All: true}, flags)
}

// repeat launches a run that repeats another one, with the changes that the flags ask
// for.
func (p program) repeat(cmd *cobra.Command, id string, options runs.RetryOptions, flags runFlags) error {
	changes, sent, err := flags.request(cmd)
	if err != nil {
		return err
	}
	level, err := flags.level()
	if err != nil {
		return err
	}
	server, err := p.connectToRun(cmd)
	if err != nil {
		return err
	}
	if server != nil {
		defer server.Close()
		return server.repeat(cmd, id, options, changes, sent, flags)
	}
	return inSession(cmd, func() (*session, error) {
		return p.openToRun(flags.executed.executor(cmd, flags.levelFlags()...), level)
	},
		func(s *session, interrupts *interrupts) error {
			return s.repeat(cmd, interrupts, id, options, changes, flags)
		})
}

func (s *session) repeat(cmd *cobra.Command, interrupts *interrupts, id string, options runs.RetryOptions, changes runs.Request, flags runFlags) error {
	if s.ownStore { // which may live by the hooks of the application
		if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
			return err
		}
	}
	var request runs.Request
	err := interrupts.during(func(ctx context.Context) error {
		record, err := s.inspect.FindRun(ctx, id)
		if err == nil {
			request, err = s.launcher.RetryRequest(ctx, record.ID, options)
		}
		if err != nil {
			return interruptedOr(ctx, err)
		}
		return nil
	}, func() {})
	if err != nil {
		return err
	}
	request.Config = request.Config.Merge(changes.Config)
	if changes.Timeout != 0 {
		request.Timeout = changes.Timeout
	}
	tags := maps.Clone(changes.Tags)
	for name, value := range request.Tags {
		if _, changed := tags[name]; !changed {
			tags[name] = value
		}
	}
	request.Tags = tags
	for _, flag := range []struct {
		name   string
		change func()
	}{
		{"priority", func() { request.Priority = changes.Priority }},
		{"retries", func() { request.RetryRun = changes.RetryRun }},
		{"on-crash", func() { request.OnCrash = changes.OnCrash }},
	} {
		if cmd.Flags().Changed(flag.name) {
			flag.change()
		}
	}
	return s.launch(cmd, interrupts, request, flags)
}
