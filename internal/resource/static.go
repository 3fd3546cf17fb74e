package resource

// Static gives a fact about the resource that is known before the resource is
// built. The value has any type, and is for code that checks definitions before
// a run exists. The graph returns the value and does not use it. The option may
// be given several times. All containers of the definition share the value, so
// it must be safe for concurrent use. option is the function that the definition
// has called, for the fault of a value that is nil.
func Static(option string, value any) Option {
	return optionFunc(func(d *Declaration) {
		if value == nil {
			d.fault("%s(nil): it says nothing", option)
			return
		}
		d.Static = append(d.Static, value)
	})
}
