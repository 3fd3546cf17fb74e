package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/inspect"
)

type checkFlags struct {
	launch   launchFlags
	parallel int
	limit    time.Duration
	json     bool
}

// errUnhealthy is the error of a check that found a fault. The output already
// contains the faults, so the error is only for the exit code.
var errUnhealthy = errors.New("not all resources are well")

func (p program) checkResourcesCommand() *cobra.Command {
	var flags checkFlags
	command := &cobra.Command{
		Use:   "check [KEY...]",
		Short: "Start resources, check their health and stop them",
		Long: "Start resources, check their health and stop them. Without a KEY, all resources\n" +
			"are checked. Each resource starts in a child container of its own, together with\n" +
			"what it needs. The exit code is 1 if a resource cannot be started or stopped, or\n" +
			"if its health check returns an error.",
		Example:           "  PROGRAM resources check\n  PROGRAM resources check warehouse --limit 10s --json",
		ValidArgsFunction: p.completions(p.resourceKeys, -1),
		RunE:              func(cmd *cobra.Command, args []string) error { return p.checkResources(cmd, args, flags) },
	}
	flags.launch.registerConfig(command)
	command.Flags().IntVarP(&flags.parallel, "parallel", "p", 4, "check at most `N` resources at the same time")
	command.Flags().DurationVar(&flags.limit, "limit", 30*time.Second, "wait at most this `DURATION` for the start and the check of one resource")
	command.Flags().BoolVar(&flags.json, "json", false, "write JSON")
	return command
}

func (f checkFlags) request(cmd *cobra.Command, keys []string) (inspect.HealthRequest, error) {
	config, err := f.launch.config(cmd.InOrStdin())
	switch {
	case err != nil:
	case f.parallel < 1:
		err = invalid("reading the flags", "--parallel %d: it must be at least 1", f.parallel)
	case f.limit <= 0:
		err = invalid("reading the flags", "--limit %v: it must be longer than 0s", f.limit)
	}
	return inspect.HealthRequest{Resources: keys, Config: config, Parallel: f.parallel, Limit: f.limit}, err
}

func (p program) checkResources(cmd *cobra.Command, keys []string, flags checkFlags) error {
	request, err := flags.request(cmd, keys)
	if err != nil {
		return err
	}
	return inSession(cmd, p.open, func(s *session, interrupts *interrupts) error {
		return s.checkHealth(cmd, interrupts, request, flags.json)
	})
}

func (s *session) checkHealth(cmd *cobra.Command, interrupts *interrupts, request inspect.HealthRequest, asJSON bool) error {
	if err := s.startUnlessInterrupted(cmd, interrupts); err != nil {
		return err
	}
	var found []inspect.ResourceHealth
	err := interrupts.during(func(ctx context.Context) (err error) {
		found, err = s.inspect.CheckResources(ctx, request)
		return interruptedOr(ctx, err)
	}, noteStopping(cmd))
	if err != nil {
		return err
	}
	if asJSON {
		err = writeDocument(cmd.OutOrStdout(), found)
	} else {
		writeHealth(cmd.OutOrStdout(), found)
	}
	for _, health := range found {
		if !health.Status.Good() {
			return errors.Join(err, errUnhealthy)
		}
	}
	return err
}

func writeHealth(out io.Writer, found []inspect.ResourceHealth) {
	if len(found) == 0 {
		_, _ = fmt.Fprintln(out, "no resources are defined")
		return
	}
	t := table{columns: []column{{name: "RESOURCE"}, {name: "STATUS"}, {name: "START", right: true}, {name: "CHECK", right: true}, {name: "ERROR"}}}
	for _, health := range found {
		check := ""
		if health.Check > 0 {
			check = durationText(health.Check)
		}
		t.add(health.Resource, string(health.Status), durationText(health.Start), check, health.Error)
		t.last(1).colour = green
		if !health.Status.Good() {
			t.last(1).colour = red
		}
	}
	t.write(out, screenOf(out), "")
}
