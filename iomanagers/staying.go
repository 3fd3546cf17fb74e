package iomanagers

// Staying is implemented by managers whose values cannot leave the process: another
// process cannot load what they have stored. A run whose steps have processes of their
// own is refused at launch if it uses such a manager. The launch is refused early if one of
// these implements Staying too: what the definition of the manager gives to [Checks], the
// type of its config, or the type of the config of a resource that it is built from.
type Staying interface {
	// StaysInProcess returns why another process cannot load the values, as in "it keeps
	// values in memory". "" means that it can.
	StaysInProcess() string
}

// Local is implemented by managers whose values cannot leave the machine: a process on
// another machine cannot load what they have stored. A run that is executed on many machines
// (runs.Cluster) is refused at launch if it uses such a manager. The launch is refused early if
// one of these implements Local too: what the definition of the manager gives to [Checks], the
// type of its config, or the type of the config of a resource that it is built from. A config
// implements it with value receivers.
//
// Resources that steps use directly are asked too. So the config of a resource of your own that
// keeps something on the local disk should implement Local, if another step may need it.
type Local interface {
	// StaysOnMachine returns why another machine cannot load the values, as in "it keeps files
	// in /data". "" means that it can.
	StaysOnMachine() string
}

var (
	_ Staying = (*MemoryManager)(nil)
	_ Local   = (*FileManager)(nil)
	_ Local   = FilesConfig{}
)

// StaysInProcess says that the values are in memory.
func (m *MemoryManager) StaysInProcess() string { return "it keeps them in the memory of the process" }
