package cli_test

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
)

type api struct{}

type apiConfig struct {
	URL   string `default:"https://api.example" json:"url"`
	Token container.Secret[string]
}

// A test of a program runs its commands in its own process. What runs here is
// what cli.Main does, without the end of the process.
func ExampleRun() {
	streams := cli.Streams{Out: os.Stdout, Err: os.Stdout}
	code := cli.Run(context.Background(), []string{"resources"}, streams,
		container.Provide("api", func(apiConfig) *api { return &api{} }, container.Config(apiConfig{Token: container.NewSecret("hunter2")})),
		container.Supply("io_manager", 1),
	)
	fmt.Println("exit code", code)
	// Output:
	// RESOURCE    TYPE           CONFIG                                NEEDS  USED BY
	// api         *cli_test.api  url=https://api.example token=******  -      -
	// io_manager  int            -                                     -      -
	// exit code 0
}

// A program with a command line of its own takes in the commands as a part of
// it.
func ExampleCommand() {
	data := cli.Command(
		assets.New("orders", func() int { return 3 }),
		assets.NewJob("nightly", assets.Select("*")),
	)
	data.Use = "data"
	root := &cobra.Command{Use: "shop"}
	root.AddCommand(data)
	root.SetOut(os.Stdout)

	root.SetArgs([]string{"data", "jobs"})
	err := root.Execute()
	fmt.Println("exit code", cli.ExitCode(err))
	// Output:
	// JOB      SELECTION  ASSETS  TAGS  DESCRIPTION
	// nightly  *               1  -     -
	// exit code 0
}
