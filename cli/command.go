package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/nearest"
)

// program holds the definitions that the commands work with.
type program struct {
	definitions []fx.Option
	store       *string // the value of the flag --store
}

// homeHelp is the help about the folder in which fxrun keeps everything.
const homeHelp = `The history and the stored values are kept in the folder that the environment
variable FXRUN_HOME names. Without the variable it is .fxrun in the working directory.
Give each program a folder of its own. Two programs with the same folder share the
history, and overwrite each other's values of assets with the same key.

The environment variable FXRUN_STORE, or the flag --store, names a PostgreSQL database
that keeps the history instead: postgres://user:password@host:5432/database.`

// Command returns the command tree that [Main] executes. It is for programs that
// have a cobra tree of their own. The name of the command is that of the process.
// Set the field Use to give it another name.
//
// [ExitCode] returns the exit code for the error of the executed command. The
// command itself reports a failed run. Every other error is printed by the root of
// the tree, as cobra does by default.
func Command(definitions ...fx.Option) *cobra.Command {
	p := program{definitions, new(string)}
	root := &cobra.Command{
		Use:                   processName(),
		Short:                 "Run data assets and show them",
		Long:                  "Run the assets of this program, and show its definitions and the history of its runs.\n\n" + homeHelp + "\n\n" + exitCodes,
		DisableFlagsInUseLine: true,
		Annotations:           map[string]string{treeAnnotation: "tree"},
		Args:                  onlyCommands,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(p.runCommand(), p.assetsCommand(), p.assetCommand(), p.jobsCommand(), p.configCommand(),
		p.resourcesCommand(), p.resourceCommand(), p.graphCommand(), p.runsCommand(), p.logsCommand(), p.processCommand(),
		p.schedulesCommand(), p.scheduleCommand(), p.sensorsCommand(), p.sensorCommand(), p.daemonCommand(), p.workerCommand(), p.devCommand(), p.serveCommand())
	root.PersistentFlags().StringVar(p.store, "store", "", "keep the history in the PostgreSQL database at `URL` (default: the one that FXRUN_STORE names, or a file in the home)")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(helpIn(root))
	silenceUsage(root)
	refuseEmpty(root)
	checkOutput(root)
	return root
}

// treeOf returns the root of the tree that [Command] has made, below which a command
// stands. A program may have put this tree into a tree of its own.
func treeOf(command *cobra.Command) *cobra.Command {
	for at := command; at != nil; at = at.Parent() {
		if at.Annotations[treeAnnotation] != "" {
			return at
		}
	}
	return command.Root()
}

// treeAnnotation marks the root of the tree.
const treeAnnotation = "github.com/fxrun/fxrun/cli"

// silenceUsage keeps cobra from printing the help after every error.
func silenceUsage(command *cobra.Command) {
	command.SilenceUsage = true
	for _, child := range command.Commands() {
		silenceUsage(child)
	}
}

// refuseEmpty makes every command refuse flags and arguments that are given but
// empty. A shell gives such an argument for --job "$JOB" or runs show "$ID" if the
// variable is not set. The command would then do something else than the person
// wants.
func refuseEmpty(command *cobra.Command) {
	if run := command.RunE; run != nil {
		command.RunE = func(cmd *cobra.Command, args []string) error {
			if err := emptyFlags(cmd); err != nil {
				return err
			}
			if at := slices.IndexFunc(args, isBlank); at >= 0 {
				return invalid("reading the command line", "argument number %d of %s is given but empty", at+1, cmd.CommandPath())
			}
			return run(cmd, args)
		}
	}
	for _, child := range command.Commands() {
		refuseEmpty(child)
	}
}

func emptyFlags(command *cobra.Command) error {
	var faults []error
	check := func(flag *pflag.Flag) {
		if !flag.Changed {
			return
		}
		empty := flag.Value.String() == ""
		if several, ok := flag.Value.(pflag.SliceValue); ok {
			values := several.GetSlice()
			empty = len(values) == 0 || slices.ContainsFunc(values, isBlank)
		}
		if empty {
			faults = append(faults, fmt.Errorf("--%s is given but empty", flag.Name))
		}
	}
	command.LocalNonPersistentFlags().VisitAll(check)
	if store := command.InheritedFlags().Lookup("store"); store != nil {
		check(store)
	}
	return fault.Join("reading the flags", faults)
}

func isBlank(text string) bool { return strings.TrimSpace(text) == "" }

// checkDefaultCommands changes the commands help and completion, which cobra adds
// to a root, so that they refuse unknown arguments. Without this, they would print
// the help of another command, or end with an exit code other than that of bad
// input.
func checkDefaultCommands(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		switch command.Name() {
		case "help":
			command.Args = func(_ *cobra.Command, args []string) error {
				topic, rest, err := root.Find(args)
				if err != nil || len(rest) == 0 {
					return err
				}
				return onlyCommands(topic, rest)
			}
		case "completion":
			command.Args = onlyCommands
			command.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range command.Commands() {
				shell.Args = noArguments
			}
		}
	}
}

// helpIn replaces PROGRAM in examples by the path of root, which may be anywhere in
// the command tree of a host program.
func helpIn(root *cobra.Command) func(*cobra.Command, []string) {
	help := (&cobra.Command{}).HelpFunc()
	return func(command *cobra.Command, args []string) {
		command.Example = strings.ReplaceAll(command.Example, "PROGRAM", root.CommandPath())
		help(command, args)
	}
}

// flagError returns an error about the flags with a text of fxrun in place of the
// text of pflag.
func flagError(command *cobra.Command, err error) error {
	doing := "reading the flags of " + command.CommandPath()
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return &badFlagError{invalid(doing, "%s", flagText(err))}
	}
	if unknown.GetSpecifiedName() == "server" {
		return &badFlagError{invalid(doing, "--server: the command %s asks no server, since it works with this program on this machine", command.Name())}
	}
	var names []string
	command.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	text := fmt.Sprintf("there is no flag --%s", unknown.GetSpecifiedName())
	if unknown.GetSpecifiedShortnames() != "" {
		text = fmt.Sprintf("there is no flag -%s", unknown.GetSpecifiedName())
	}
	if name := nearest.Name(unknown.GetSpecifiedName(), names); name != "" {
		text += ", did you mean --" + name + "?"
	}
	return &badFlagError{invalid(doing, "%s", text)}
}

// badFlagError is an error that ended the reading of the flags. The values of the
// flags after it are not known.
type badFlagError struct{ error }

func (b *badFlagError) Unwrap() error { return b.error }

// flagText says what is wrong with the value of a flag, without terms of Go.
func flagText(err error) string {
	var value *pflag.InvalidValueError
	var lacking *pflag.ValueRequiredError
	switch {
	case errors.As(err, &lacking):
		return "--" + lacking.GetFlag().Name + " needs a value"
	case !errors.As(err, &value):
		return err.Error()
	}
	takes := "another value"
	switch value.GetFlag().Value.Type() {
	case "int":
		takes = "a whole number"
	case "bool":
		takes = "true or false"
	case "duration":
		takes = "a duration such as 5s or 1m30s"
	}
	return fmt.Sprintf("--%s takes %s, not %q", value.GetFlag().Name, takes, value.GetValue())
}

// onlyCommands refuses arguments that are not commands.
func onlyCommands(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, child := range command.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	if slices.Contains(names, args[0]) { // behind --, where flags end
		return invalid("reading the command line", "leave out the -- before %q: what follows it is no command", args[0])
	}
	return invalid("reading the command line", "%s has no command %q%s", command.CommandPath(), args[0], nearest.Suggestion(args[0], names))
}

func noArguments(command *cobra.Command, args []string) error {
	if len(args) > 0 {
		return invalid("reading the command line", "%s takes no arguments, only flags: %q is not allowed", command.CommandPath(), args[0])
	}
	return nil
}

// one requires exactly one argument. what describes this argument in the error.
func one(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) != 1 {
			return invalid("reading the command line", "%s takes one argument, %s, not %d", command.CommandPath(), what, len(args))
		}
		return nil
	}
}

func atMostOne(what string) cobra.PositionalArgs {
	return func(command *cobra.Command, args []string) error {
		if len(args) > 1 {
			return invalid("reading the command line", "%s takes at most one argument, %s, not %d", command.CommandPath(), what, len(args))
		}
		return nil
	}
}
