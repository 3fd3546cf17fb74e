package iomanagers

// Staying is implemented by managers whose values cannot leave the process: another
// process cannot load what they have stored. A run whose steps have processes of their
// own is refused at launch if it uses such a manager. The launch is refused early if what
// the definition of the manager gives to [Checks] implements Staying too.
type Staying interface {
	// StaysInProcess returns why another process cannot load the values, as in "it keeps
	// values in memory". "" means that it can.
	StaysInProcess() string
}

var _ Staying = (*MemoryManager)(nil)

// StaysInProcess says that the values are in memory.
func (m *MemoryManager) StaysInProcess() string { return "it keeps them in the memory of the process" }
