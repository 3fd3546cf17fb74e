package runs

import (
	"fmt"

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
			checker, ok := s.checker(output.IO)
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

// checker returns an IO manager that can be asked, if the run's child has it.
func (s *site) checker(key string) (iomanagers.Checker, bool) {
	var manager any = s.launcher.config.IO
	if manager == nil {
		target := s.launcher.storage[key]
		if target.LivesPerStep() {
			return nil, false
		}
		manager = argumentsOf(s.child, target)[0].Interface()
	}
	checker, ok := manager.(iomanagers.Checker)
	return checker, ok
}
