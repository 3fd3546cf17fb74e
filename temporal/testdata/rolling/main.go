// Command rolling is a program of which there are two versions, for a test of how the second one
// takes the place of the first one. The second one is built with the tag "second".
//
// Called as "rolling worker" it executes steps until SIGTERM. Called as "rolling launch ID" it
// launches a run with that ID, waits for its end, and fails if the run fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// folder has the values, and the notes of the steps.
var folder = os.Getenv("ROLLING_FOLDER")

func main() {
	if err := execute(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func execute(args []string) (err error) {
	resources, err := container.New(iomanagers.Files(assets.DefaultIO, iomanagers.FilesConfig{Root: filepath.Join(folder, "values"), Shared: true}))
	if err != nil {
		return err
	}
	graph, err := assets.NewGraph(resources, definitions()...)
	if err != nil {
		return err
	}
	store, err := postgres.New(os.Getenv("ROLLING_DATABASE"))
	if err != nil {
		return err
	}
	locks, err := postgreslocks.New(os.Getenv("ROLLING_DATABASE"))
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	cluster, err := temporal.New(temporal.Config{}, logger) // from the environment
	if err != nil {
		return err
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: resources, Graph: graph, Store: store, Locks: locks, Executor: cluster, Logger: logger})
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		err = errors.Join(err, launcher.Drain(ctx)) // which leaves the run to others
		cluster.Close()
		err = errors.Join(err, resources.Close(), store.Close(), locks.Close())
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if args[0] == "worker" {
		return cluster.Work(ctx, launcher)
	}
	run, err := launcher.Launch(ctx, runs.Request{ID: args[1], Selection: "*"})
	if err != nil {
		return err
	}
	return run.Wait(ctx)
}

// note notes that a step has begun, and waits while a file says so.
func note(ctx context.Context, of *assets.Context) error {
	about := of.Run().ID + " " + of.Key()
	file, err := os.OpenFile(filepath.Join(folder, "notes"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s by %s\n", about, version)
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(filepath.Join(folder, "hold "+about)); err != nil {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return context.Cause(ctx)
}
