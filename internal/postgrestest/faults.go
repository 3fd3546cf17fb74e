package postgrestest

import (
	"fmt"
	"testing"
)

// Kill kills all processes of the server at once, as the end of a machine does. What the
// server has acknowledged is kept, for sessions with synchronous_commit=on. A test that
// kills has a Server of its own.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.command(t, "signal KILL")
	s.command(t, "gone")
}

// Start starts a server again that was killed.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.command(t, "start")
}

// Freeze stops all processes of the server, which then answer nothing, until Thaw.
func (s *Server) Freeze(t testing.TB) {
	t.Helper()
	s.command(t, "signal STOP")
}

// Thaw lets the processes of the server go on after Freeze.
func (s *Server) Thaw(t testing.TB) {
	t.Helper()
	s.command(t, "signal CONT")
}

func (s *Server) command(t testing.TB, text string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := fmt.Fprintln(s.lifeline, text)
	answer := ""
	if err == nil {
		answer, err = s.answers.ReadString('\n')
	}
	if err != nil || answer != "done\n" {
		t.Fatalf("commanding the test's PostgreSQL to %s: %q, %v", text, answer, err)
	}
}
