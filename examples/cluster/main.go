// Command cluster finds out how late flights are, as the example flights does, and does it on
// many machines. Here all of them are this one.
//
//	go run . # in this folder: it shows everything
//
// Without arguments it starts what a cluster consists of: a development server of Temporal, a
// PostgreSQL server for the history, an object store for the values, three workers, and the web
// pages. Then it launches a run, and kills the worker that fetches the flights. Another worker
// goes on with the run. At the end it stops everything. With the flag -stay it first waits for
// Ctrl-C, so that you can look at the pages.
//
// With arguments it is an ordinary program of fxrun: "worker", "run", "serve" and so on.
// definitions.go is all that a cluster needs of it. The other files are about the show.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fxrun/fxrun/cli"
)

func main() {
	stay := len(os.Args) == 2 && os.Args[1] == "-stay"
	if len(os.Args) > 1 && !stay {
		cli.Main(Definitions())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := show(ctx, os.Stdout, stay)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
