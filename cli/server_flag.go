package cli

import (
	"os"

	"github.com/spf13/cobra"
)

// serverVariable names a server, as the flag --server does.
const serverVariable = "FXRUN_SERVER"

// serverHelp describes the flag --server.
const serverHelp = "With --server, or the environment variable " + serverVariable + ", the command asks a server\n" +
	"(see the command serve) in place of this machine. The token of the server is in the\n" +
	"environment variable " + tokenVariable + "."

func registerServer(command *cobra.Command) {
	command.Flags().String("server", "", "ask the server at this `URL` (default: the one that "+serverVariable+" names, or none)")
}

// refuseServer makes a command refuse the variable that names a server. It is for commands
// without the flag --server that read or change the history of this machine: who has set
// the variable means the history of the server.
func refuseServer(command *cobra.Command) {
	command.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if os.Getenv(serverVariable) == "" {
			return nil
		}
		return invalid("reading the environment", "%s names a server, and %s asks none: it works with the history and the values of this machine. "+
			"If you mean these, call it with an empty %s", serverVariable, cmd.CommandPath(), serverVariable)
	}
}

// serverURL returns the address of the server that the command is to ask, or "" for none.
func serverURL(cmd *cobra.Command) (string, error) {
	flag := cmd.Flags().Lookup("server")
	if flag == nil {
		return "", nil
	}
	address, from := flag.Value.String(), "--server"
	if address == "" {
		address, from = os.Getenv(serverVariable), serverVariable
	}
	if store := cmd.Flags().Lookup("store"); address != "" && store != nil && store.Changed {
		return "", invalid("reading the flags", "--store and %s exclude each other: a server has a history of its own", from)
	}
	return address, nil
}

func serverToken() string { return os.Getenv(tokenVariable) }
