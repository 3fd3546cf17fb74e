package iomanagers

import "context"

// Joiner is implemented by managers that can store several values in one transaction. If a step
// makes several values for such managers, [StoreAll] stores all of them or none.
//
// A manager that embeds another one has its methods, but Joins refuses it, since its own Store
// would be passed over.
type Joiner interface {
	IOManager
	// Joins reports whether StoreTogether can also store the values of another manager, such as
	// one on the same database, or of the manager itself.
	Joins(other IOManager) bool
	// StoreTogether does what Store does for each assignment, in one transaction, and reads
	// streams one after another. After an error all earlier values stand, unless it matches
	// [ErrUnknownOutcome]. It does not call Assignment.Stored.
	StoreTogether(ctx context.Context, assignments []Assignment) error
}

// storeGroups stores values of managers that are no [Stager], those that can be stored together
// in one transaction, and returns the names of the stored ones.
func storeGroups(ctx context.Context, assignments []Assignment) (stored []string, err error) {
	for len(assignments) > 0 {
		var group []Assignment
		group, assignments = firstGroup(assignments)
		if len(group) == 1 {
			err = group[0].Manager.Store(ctx, group[0].Output, group[0].Value)
		} else {
			err = group[0].Manager.(Joiner).StoreTogether(ctx, group)
		}
		if err != nil {
			return stored, err
		}
		for _, a := range group {
			stored = append(stored, a.Output.String())
			a.tellStored()
		}
	}
	return stored, nil
}

// firstGroup parts the assignments that go with the first one from the others.
func firstGroup(assignments []Assignment) (group, rest []Assignment) {
	first := assignments[0]
	joiner, ok := first.Manager.(Joiner)
	if !ok || !joiner.Joins(first.Manager) {
		return assignments[:1], assignments[1:]
	}
	for _, a := range assignments {
		if joiner.Joins(a.Manager) {
			group = append(group, a)
		} else {
			rest = append(rest, a)
		}
	}
	return group, rest
}
