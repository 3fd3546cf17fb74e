package child

import (
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/fxapp"
)

// build constructs and starts the needed resources, and binds the targets. Fx does
// it if the caller has given fx.Options. Otherwise it is done here.
func (s *state) build() error {
	if s.preparation.Given != nil {
		return s.buildByFx()
	}
	return s.buildHere()
}

// buildHere starts resources that don't depend on each other at the same time.
func (s *state) buildHere() error {
	s.startAll(s.preparation.Nodes)
	s.starting.Wait()
	if s.ending() {
		return s.whyEnding()
	}
	if targets := s.preparation.TakingValues(); len(targets) > 0 {
		return fxapp.Bind(&s.app, targets)
	}
	return nil
}

// buildByFx starts first the resources that the options cannot touch, as buildHere
// does. Then it starts one resource after the other, in the order in which Fx calls
// their constructors, because a decorator among the options may use any value.
func (s *state) buildByFx() error {
	if untouched := s.preparation.Untouched; len(untouched) > 0 {
		s.startAll(untouched)
		s.starting.Wait()
		if s.ending() {
			return s.whyEnding()
		}
	}
	defer s.members.Join()() // this goroutine calls the functions of the caller's options
	s.app.Build = s.buildOne
	options := s.preparation.Options(s.options)
	if s.preparation.Given.MakesLogger() {
		options = append(options, fx.Invoke(func(made fxevent.Logger) { s.app.Events = made }))
	}
	err := fxapp.Run(&s.app, options)
	if err != nil {
		s.abandonOptions()
	} else {
		s.flushOptions()
		s.options.endStart()
	}
	return err
}
