package container

import "slices"

// Static says what is known of the resource before it is built: a value, of
// any type, for whoever checks definitions before a run exists.
// [Container.Static] gives it out. The container itself makes no use of it. It
// may be given several times. All containers of the definition share the
// value, so it must be safe for concurrent use.
func Static(value any) Option {
	return optionFunc(func(d *resourceDefinition) {
		if value == nil {
			d.fault("container.Static(nil): it says nothing")
			return
		}
		d.static = append(d.static, value)
	})
}

// Static returns what the definition of the resource called key said by
// [Static], in that order. It is nil where nothing was said, where there is no
// such resource, and where the host application has a value in the resource's
// place, of which nothing is known.
//
// What a single child replaces by options of its own is not considered.
func (c *Container) Static(key string) []any {
	n, ok := c.byKey[key]
	if !ok || c.standsIn(n) {
		return nil
	}
	return slices.Clone(n.static)
}

// standsIn reports whether somebody who asks for the resource, by its type or
// by an interface, gets a value of the host application.
func (c *Container) standsIn(n *node) bool {
	return slices.ContainsFunc(n.provided(), func(provided providedKey) bool {
		if provided.key.Group != "" || len(c.providers[provided.key]) > 1 { // a type that two resources give is no way to ask for one
			return false
		}
		_, replaced := c.replaced(provided.key)
		return replaced
	})
}
