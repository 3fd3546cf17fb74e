package processes

import (
	"os/exec"
	"runtime"
)

// starter starts processes from one thread, which lives until it is closed: Linux tells
// a process that its parent has died when the thread has ended that started it.
type starter struct {
	asked chan start
	done  chan struct{}
}

type start struct {
	command *exec.Cmd
	err     chan error
}

func newStarter() *starter {
	s := &starter{asked: make(chan start), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for asked := range s.asked {
			asked.err <- asked.command.Start()
		}
	}()
	return s
}

func (s *starter) start(command *exec.Cmd) error {
	asked := start{command, make(chan error, 1)}
	s.asked <- asked
	return <-asked.err
}

// close ends the thread. It is called when all processes have ended.
func (s *starter) close() {
	close(s.asked)
	<-s.done
}
