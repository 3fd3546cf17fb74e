package resource

// Static says what is known of the resource before it is built: a value, of
// any type, for whoever checks definitions before a run exists.
// The graph gives it out and makes no use of it. It may be given several times.
// All containers of the definition share the value, so it must be safe for
// concurrent use.
func Static(value any) Option {
	return optionFunc(func(d *Declaration) {
		if value == nil {
			d.fault("iomanagers.Checks(nil): it says nothing")
			return
		}
		d.Static = append(d.Static, value)
	})
}
