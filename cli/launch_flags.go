package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/container"
)

// launchFlags are the flags with which a launch gets its config.
type launchFlags struct {
	job   string
	files []string
	sets  []string
}

func (f *launchFlags) register(command *cobra.Command, p program, job string) {
	flags := command.Flags()
	flags.StringVarP(&f.job, "job", "j", "", job)
	flags.StringArrayVarP(&f.files, "config", "c", nil, "read run config from a YAML or JSON `FILE`, - for standard input (repeatable, later over earlier)")
	flags.StringArrayVar(&f.sets, "set", nil, "set one field of the run config, `PATH=VALUE` (repeatable, over all files)")
	p.complete(command, "job", p.jobNames)
}

// given reports whether any of the flags was.
func (f *launchFlags) given() bool { return f.job != "" || len(f.files) > 0 || len(f.sets) > 0 }

// config reads the run config. What is wrong is reported all at once, and
// without any value: it may be a secret.
func (f *launchFlags) config(in io.Reader) (container.RunConfig, error) {
	var config container.RunConfig
	var faults []error
	add := func(layer container.RunConfig, err error) {
		faults = append(faults, fault.Of(err)...)
		config = config.Merge(layer)
	}
	for _, name := range f.files {
		add(readConfig(name, in))
	}
	for i, set := range f.sets {
		path, value, ok := strings.Cut(set, "=")
		if !ok {
			faults = append(faults, fmt.Errorf("--set number %d: it must have the form resources.KEY.config.FIELD=VALUE or steps.KEY.config.FIELD=VALUE", i+1))
			continue
		}
		next, err := config.Set(strings.TrimSpace(path), value)
		if err != nil {
			faults = append(faults, prefixed("--set "+clean(path), err)...)
			continue
		}
		config = next
	}
	return config, fault.Join("reading the run config", faults)
}

func readConfig(name string, in io.Reader) (container.RunConfig, error) {
	read, shown := os.ReadFile, name
	if name == "-" {
		read, shown = func(string) ([]byte, error) { return io.ReadAll(in) }, "standard input"
	}
	text, err := read(name)
	if err != nil {
		return container.RunConfig{}, err // says which file
	}
	config, err := container.ParseRunConfig(text)
	return config, errors.Join(prefixed(shown, err)...)
}

// prefixed puts a place before each fault.
func prefixed(place string, err error) []error {
	faults := fault.Of(err)
	for i, fault := range faults {
		faults[i] = fmt.Errorf("%s: %w", place, fault)
	}
	return faults
}
