package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/server/api"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
)

// launchFlags are the flags that give a launch its config.
type launchFlags struct {
	job   string
	files []string
	sets  []setting
}

// setting is the value of --set or --set-yaml. The settings of both flags are in
// one list, since a later setting replaces an earlier one.
type setting struct {
	given  string
	inYAML bool
}

// settingFlag implements pflag.Value for these two flags.
type settingFlag struct {
	into   *[]setting
	inYAML bool
}

// String returns the setting that was given last. Before that it returns "", so
// that the help shows no default.
func (f settingFlag) String() string {
	if f.into == nil || len(*f.into) == 0 {
		return ""
	}
	return (*f.into)[len(*f.into)-1].given
}

// Set adds one setting.
func (f settingFlag) Set(text string) error {
	*f.into = append(*f.into, setting{text, f.inYAML})
	return nil
}

// Type returns the name of the type of the value in the help.
func (settingFlag) Type() string { return "stringArray" }

func (s setting) flag() string {
	if s.inYAML {
		return "--set-yaml"
	}
	return "--set"
}

func (f *launchFlags) register(command *cobra.Command, p program, job string) {
	command.Flags().StringVarP(&f.job, "job", "j", "", job)
	f.registerConfig(command)
	p.complete(command, "job", p.jobNames)
}

// registerConfig adds only the flags of the run config.
func (f *launchFlags) registerConfig(command *cobra.Command) {
	flags := command.Flags()
	flags.StringArrayVarP(&f.files, "config", "c", nil, "read run config from a YAML or JSON `FILE`, or from standard input for - (can be repeated: a later file replaces values of an earlier one)")
	flags.Var(settingFlag{&f.sets, false}, "set", "set one field of the run config, `PATH=TEXT`, to a text, or to a list written as a, b (can be repeated, replaces values of all files)")
	flags.Var(settingFlag{&f.sets, true}, "set-yaml", "set one field of the run config, `PATH=YAML`, to a value in YAML, as in a file (can be repeated)")
}

// given reports whether at least one of the flags was given.
func (f *launchFlags) given() bool { return f.job != "" || len(f.files) > 0 || len(f.sets) > 0 }

// config reads the run config. The error contains all faults. It contains no value,
// since a value may be a secret.
func (f *launchFlags) config(in io.Reader) (container.RunConfig, error) {
	config, _, err := f.read(in)
	return config, err
}

// read reads the run config, and returns it also in the form in which it is sent to a
// server.
func (f *launchFlags) read(in io.Reader) (container.RunConfig, api.LaunchConfig, error) {
	var config container.RunConfig
	var sent api.LaunchConfig
	var faults []error
	for _, name := range f.files {
		text, layer, err := readConfig(name, in)
		faults = append(faults, fault.Of(err)...)
		config = config.Merge(layer.GivenBy(filepath.Base(shownFile(name))))
		sent.ConfigYAML = append(sent.ConfigYAML, string(text))
	}
	for i, set := range f.sets {
		path, value, ok := strings.Cut(set.given, "=")
		if !ok {
			faults = append(faults, fmt.Errorf("%s number %d: it must have the form resources.KEY.config.FIELD=VALUE or steps.KEY.config.FIELD=VALUE", set.flag(), i+1))
			continue
		}
		var alone container.RunConfig
		path = strings.TrimSpace(path)
		setField, sentSet := alone.Set, api.Setting{Path: path, Text: &value}
		if set.inYAML {
			setField, sentSet = alone.SetYAML, api.Setting{Path: path, YAML: &value}
		}
		sent.Set = append(sent.Set, sentSet)
		layer, err := setField(path, value)
		if err != nil {
			faults = append(faults, prefixed(set.flag()+" "+clean(path), err)...)
			continue
		}
		config = config.Merge(layer.GivenBy(set.flag()))
	}
	return config, sent, fault.Join("reading the run config", faults)
}

// shownFile names a file of the flag --config for people.
func shownFile(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// readConfig returns the text of a file, and the run config that it has.
func readConfig(name string, in io.Reader) ([]byte, container.RunConfig, error) {
	read := os.ReadFile
	if name == "-" {
		read = func(string) ([]byte, error) { return io.ReadAll(in) }
	}
	text, err := read(name)
	if err != nil {
		return nil, container.RunConfig{}, err // it names the file
	}
	config, err := container.ParseRunConfig(text)
	return text, config, errors.Join(prefixed(shownFile(name), err)...)
}

// prefixed puts a place before the text of each fault.
func prefixed(place string, err error) []error {
	faults := fault.Of(err)
	for i, fault := range faults {
		faults[i] = fmt.Errorf("%s: %w", place, fault)
	}
	return faults
}
