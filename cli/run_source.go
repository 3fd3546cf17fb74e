package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/server/api"
	"github.com/fxrun/fxrun/server/client"
)

// runSource is where a command finds runs: the history of this program, or a server.
type runSource interface {
	// store reads the records and the events of the runs.
	store() history.Store
	// reader finds runs in the store. It knows no definitions.
	reader() *inspect.Inspector
	// list returns runs with what is known besides their records.
	list(context.Context, history.RunQuery) ([]inspect.RunDetail, error)
	// detail returns what is known of a run besides its record. The error says why it is
	// not known whether its process exists.
	detail(context.Context, history.Record) (inspect.RunDetail, error)
	// jobs returns the names of the jobs that are defined.
	jobs(context.Context) ([]string, error)
	// cancel asks a run to stop.
	cancel(context.Context, history.Record, history.RunCancelRequested) error
}

func (s *session) store() history.Store { return s.history() }

func (s *session) reader() *inspect.Inspector { return s.inspect }

func (s *session) list(ctx context.Context, query history.RunQuery) ([]inspect.RunDetail, error) {
	found, err := s.inspect.Runs(ctx, query)
	details := make([]inspect.RunDetail, len(found))
	for i, record := range found {
		details[i] = inspect.DescribeRun(ctx, s.launcher, record)
	}
	return details, err
}

func (s *session) detail(ctx context.Context, record history.Record) (inspect.RunDetail, error) {
	_, err := s.launcher.Liveness(ctx, record)
	return inspect.DescribeRun(ctx, s.launcher, record), err
}

func (s *session) jobs(context.Context) ([]string, error) {
	var names []string
	for _, job := range s.graph.Jobs() {
		names = append(names, job.Name)
	}
	return names, nil
}

func (s *session) cancel(ctx context.Context, record history.Record, request history.RunCancelRequested) error {
	return s.launcher.RequestCancel(ctx, record, request)
}

// remote is a server.
type remote struct {
	*client.Client

	inspector *inspect.Inspector
}

// connect returns the server that the flag --server, or its variable, names, and nil
// without one. The caller closes it.
func (p program) connect(cmd *cobra.Command) (*remote, error) {
	address, err := serverURL(cmd)
	if err != nil || address == "" {
		return nil, err
	}
	calls, err := client.New(client.Config{URL: address, Token: serverToken()})
	if err != nil {
		return nil, fault.Join("reading the flags", []error{err})
	}
	return &remote{calls, inspect.New(nil, nil, calls.Store())}, nil
}

func (r *remote) store() history.Store { return r.Store() }

func (r *remote) reader() *inspect.Inspector { return r.inspector }

func (r *remote) list(ctx context.Context, query history.RunQuery) ([]inspect.RunDetail, error) {
	return r.Runs(ctx, query)
}

func (r *remote) detail(ctx context.Context, record history.Record) (inspect.RunDetail, error) {
	return r.Run(ctx, record.ID)
}

func (r *remote) jobs(ctx context.Context) ([]string, error) {
	all, err := r.Definitions(ctx)
	var names []string
	for _, job := range all.Jobs {
		names = append(names, job.Name)
	}
	return names, err
}

func (r *remote) cancel(ctx context.Context, record history.Record, request history.RunCancelRequested) error {
	asked := api.CancelRequest{Reason: request.Reason, By: request.By}
	if request.Within > 0 {
		asked.Drain = request.Within.String()
	}
	_, err := r.Cancel(ctx, record.ID, asked)
	return err
}

// readingRuns calls do with the server, if the command line or the environment names one,
// and otherwise with a session that can read the history.
func (p program) readingRuns(cmd *cobra.Command, do func(context.Context, runSource) error) error {
	return p.readingOr(cmd, func(ctx context.Context, r *remote) error { return do(ctx, r) },
		func(ctx context.Context, s *session) error { return do(ctx, s) })
}

// readingOr calls there with the server, if the command line or the environment names one,
// and otherwise here with a session that can read the history.
func (p program) readingOr(cmd *cobra.Command, there func(context.Context, *remote) error, here func(context.Context, *session) error) error {
	server, err := p.connect(cmd)
	switch {
	case err != nil:
		return err
	case server == nil:
		return p.reading(cmd, here)
	}
	defer server.Close()
	return calling(cmd, func(ctx context.Context) error { return there(ctx, server) })
}

// definitionsOr calls there with the server, if the command line or the environment names one,
// and otherwise here with a session that knows the definitions and starts nothing.
func (p program) definitionsOr(cmd *cobra.Command, there func(context.Context, *remote) error, here func(*session) error) error {
	server, err := p.connect(cmd)
	if err != nil {
		return err
	}
	if server != nil {
		defer server.Close()
		return calling(cmd, func(ctx context.Context) error { return there(ctx, server) })
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	return here(s)
}

// calling calls do, which asks a server. After an interrupt it returns errInterrupted.
func calling(cmd *cobra.Command, do func(context.Context) error) error {
	interrupts := listen(cmd.Context())
	defer interrupts.close()
	return interrupts.leaving(do)
}
