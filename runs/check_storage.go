package runs

import (
	"fmt"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/iomanagers"
)

// checkStorage asks the IO managers that could not be asked before whether they
// can store what the steps will give them, before the first step has cost
// anything.
func (s *site) checkStorage() error {
	var faults []error
	for _, step := range s.launch.plan.Steps {
		for _, output := range step.Outputs {
			if output.Type == nil {
				continue
			}
			manager := s.manager(output.IO)
			if fault := s.staysFault(output, manager); fault != nil {
				faults = append(faults, fault)
			}
			checker, ok := manager.(iomanagers.Checker)
			if !ok {
				continue
			}
			if err := checker.Check(output.Format, output.Type); err != nil {
				faults = append(faults, fmt.Errorf("%s can't be stored by %s: %w", output.Key, output.IO, err))
			}
		}
	}
	return fault.Join("checking what the run stores", faults)
}

// manager returns the IO manager of a key, or nil if the run's child does not have it.
func (s *site) manager(key string) any {
	if s.launcher.config.IO != nil {
		return s.launcher.config.IO
	}
	target := s.launcher.storage[key]
	if target.LivesPerStep() {
		return nil
	}
	return argumentsOf(s.child, target)[0].Interface()
}

// staysFault says that other processes, or other machines, need a value that they could not
// load from the manager.
func (s *site) staysFault(of assets.Output, manager any) error {
	if !s.elsewhere {
		return nil
	}
	if reason, _ := askProcess(manager); reason != "" {
		return staysFault(of, of.IO, reason)
	}
	if reason, _ := askMachine(manager); reason != "" && s.launcher.onMachines(s.launch.id) {
		return staysOnMachineFault(of, of.IO, reason)
	}
	return nil
}
