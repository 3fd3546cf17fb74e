package ui

// SetField sets a field of a run config.
func SetField(text, path, typed, goType string) (string, error) {
	return setField(text, path, typed, goType)
}

// GivenValues returns what a run config gives.
func GivenValues(text string) map[string]string { return givenValues(text) }

// IsOverdue reports whether the tick of a schedule is late.
var IsOverdue = isOverdue
