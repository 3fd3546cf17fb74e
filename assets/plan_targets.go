package assets

import "github.com/fxrun/fxrun/container"

// Storage is one use of an IO manager by a step.
type Storage struct {
	// Output is the value, as it is stored.
	Output
	// Loads says that the step loads the value. Otherwise it stores it.
	Loads bool
	// Planned says of a value that is loaded that a step of the same plan stores
	// it.
	Planned bool
}

// String says what the IO manager is used for, as in "storing asset orders".
func (s Storage) String() string {
	doing := "storing "
	if s.Loads {
		doing = "loading "
	}
	return doing + string(s.Kind) + " " + s.Key
}

// Storage returns the uses that the step makes of IO managers: for each output
// that has a type, then for each input.
func (s *Step) Storage() []Storage {
	uses := make([]Storage, 0, len(s.Outputs)+len(s.Inputs))
	for _, output := range s.Outputs {
		if output.Type != nil {
			uses = append(uses, Storage{Output: output})
		}
	}
	for _, input := range s.Inputs {
		uses = append(uses, Storage{Output: input.Output, Loads: true, Planned: input.Planned})
	}
	return uses
}

// Targets returns what the steps of the plan need of a child container: for
// each step what its function asks for, and what storage returns for each of
// its uses of IO managers. storage may return nil for a use that needs nothing
// more; a nil storage leaves the IO managers out.
func (p *Plan) Targets(storage func(Storage) (*container.Target, error)) ([]*container.Target, error) {
	var targets []*container.Target
	for _, step := range p.Steps {
		targets = append(targets, step.Target())
		if storage == nil {
			continue
		}
		for _, use := range step.Storage() {
			target, err := storage(use)
			if err != nil {
				return nil, err
			}
			if target != nil {
				targets = append(targets, target)
			}
		}
	}
	return targets, nil
}
