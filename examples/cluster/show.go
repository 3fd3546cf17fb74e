package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/internal/temporaltest"
)

// stage has what the show has started.
type stage struct {
	out     io.Writer
	began   time.Time
	env     []string // of all processes
	airline *airline
	history history.Store
	runID   string
	workers []*process
	server  *process
	pages   string // address of the pages of fxrun
	closing []func()
}

// show shows a run on three workers, of which one is killed.
func show(ctx context.Context, out io.Writer, stay bool) (err error) {
	s := &stage{out: out, began: time.Now()}
	defer func() {
		s.say("stopping everything")
		for _, stop := range slices.Backward(s.closing) {
			stop()
		}
	}()
	if err := s.startServers(ctx); err != nil {
		return err
	}
	if err := s.startProcesses(ctx); err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		s.explain()
		return err
	}
	if stay {
		s.say("press Ctrl-C to stop everything")
		<-ctx.Done()
	}
	return nil
}

func (s *stage) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, "%5.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

// atEnd has a function called at the end of the show, after those of later calls.
func (s *stage) atEnd(stop func()) { s.closing = append(s.closing, stop) }

// startServers starts what a real cluster has already.
func (s *stage) startServers(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "fxrun-cluster-")
	if err != nil {
		return err
	}
	s.atEnd(func() { _ = os.RemoveAll(folder) })

	engine, err := temporaltest.Start(ctx, temporaltest.Options{Pages: true})
	if err != nil {
		return err
	}
	s.atEnd(engine.Stop)
	s.say("Temporal listens at %s; its pages are at %s", engine.Address(), engine.Pages())

	database := new(postgrestest.Server)
	address, err := database.Open(ctx)
	if err != nil {
		return err
	}
	s.atEnd(database.Stop)
	store, err := postgres.New(address)
	if err != nil {
		return err
	}
	s.history = store
	s.atEnd(func() { _ = store.Close() })
	s.say("PostgreSQL keeps the history")

	objects, err := startObjectStore(filepath.Join(folder, "lake"))
	if err != nil {
		return err
	}
	s.atEnd(func() { _ = objects.server.Close() })
	s.say("an object store keeps the values in a folder, and speaks the protocol of S3")

	if s.airline, err = startAirline(); err != nil {
		return err
	}
	s.atEnd(func() { _ = s.airline.stop(context.Background()) })
	s.say("the airline's API is at %s", s.airline.url)

	s.env = []string{
		"FXRUN_HOME=" + filepath.Join(folder, "home"), "FXRUN_STORE=" + address,
		"FXRUN_TEMPORAL_ADDRESS=" + engine.Address(), "FXRUN_TEMPORAL_UI=" + engine.Pages(),
		"FXRUN_TEMPORAL_PLACEMENT=spread=3", "FXRUN_TEMPORAL_HEARTBEAT=2s",
		"BUCKET_URL=" + objects.bucket, "AWS_ACCESS_KEY_ID=me", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"CARRIER_URL=" + s.airline.url,
	}
	return nil
}

// startProcesses starts three workers, and the server of the pages.
func (s *stage) startProcesses(ctx context.Context) error {
	own, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.atEnd(func() {
		stop()
		for _, worker := range s.workers {
			<-worker.ended
		}
	})
	for i := range 3 {
		worker, err := start(own, fmt.Sprint("worker ", i+1), s.env, "worker")
		if err != nil {
			return err
		}
		s.workers = append(s.workers, worker)
		s.say("worker %d is process %d", i+1, worker.command.Process.Pid)
	}
	server, err := start(own, "the server", s.env, "serve", "--addr", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.server = server
	s.atEnd(func() { <-server.ended })
	s.atEnd(stop)
	select {
	case s.pages = <-server.urls:
		s.say("the pages of fxrun are at %s", s.pages)
		return nil
	case <-server.ended:
		return fmt.Errorf("the server of the pages has ended: %w:\n%s", server.err, strings.Join(server.output(), "\n"))
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run queues a run, which the server takes, kills a worker, and tells what happens.
func (s *stage) run(ctx context.Context) error {
	id, err := output(ctx, s.env, "run", "--job", "nightly", "--queue")
	if err != nil {
		return err
	}
	s.runID = strings.TrimSpace(string(id))
	s.say("queued the run %s, which the server takes", s.runID)
	if err := s.await(ctx, s.airline.asked); err != nil {
		return err
	}
	if err := s.killFetcher(ctx); err != nil {
		return err
	}
	close(s.airline.goOn)
	if err := s.await(ctx, nil); err != nil {
		return err
	}
	return s.tell(ctx)
}

// await waits until a channel is closed, and fails if the run ends before that. With nil it waits for
// the end of the run.
func (s *stage) await(ctx context.Context, event <-chan struct{}) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-event:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		record, err := history.Find(ctx, s.history, s.runID)
		if err != nil {
			return err
		}
		if record.Status.Finished() && event == nil {
			return nil
		}
		if record.Status.Finished() {
			return fmt.Errorf("the run has %s too early: %s", record.Status, record.Error.Message)
		}
	}
}

// killFetcher kills the worker that fetches the flights.
func (s *stage) killFetcher(ctx context.Context) error {
	record, err := history.Find(ctx, s.history, s.runID)
	if err != nil {
		return err
	}
	step, _ := record.Step("flights")
	for i, worker := range s.workers {
		// The name of a worker is that of its machine, the number of its process, and something random.
		if strings.Contains(step.Worker, fmt.Sprintf("/%d/", worker.command.Process.Pid)) {
			s.say("worker %d executes the step flights: killing it", i+1)
			worker.kill()
			return nil
		}
	}
	return fmt.Errorf("the step flights is executed by %q, which is none of the workers", step.Worker)
}

// tell tells how the run has ended.
func (s *stage) tell(ctx context.Context) error {
	record, err := history.Find(ctx, s.history, s.runID)
	if err != nil {
		return err
	}
	s.say("the run has %s after %.1f s", record.Status, record.Finished.Sub(record.Started).Seconds())
	shown, err := output(ctx, s.env, "runs", "show", s.runID)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(s.out, "\n%s\n", shown)
	s.say("the run in fxrun:   %s/runs/%s", strings.TrimSuffix(s.pages, "/"), s.runID)
	s.say("the run in Temporal: %s", record.Cluster.Page)
	return nil
}

// explain writes what could say why the show has failed.
func (s *stage) explain() {
	shown, err := output(context.Background(), s.env, "runs", "show", s.runID)
	_, _ = fmt.Fprintf(s.out, "\n%s%v\n", shown, err)
	for _, process := range append(s.workers, s.server) {
		_, _ = fmt.Fprintf(s.out, "\n%s has written:\n%s\n", process.name, strings.Join(process.output(), "\n"))
	}
}
