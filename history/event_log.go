package history

import "log/slog"

// LogWritten is a line that a step, a resource or the run itself logged.
type LogWritten struct {
	// Level is the level of the line. The zero Level is [slog.LevelInfo].
	Level slog.Level `json:"level"`
	// Message is the text of the line.
	Message string `json:"message"`
	// Attrs are the attributes of the line, in the order of the logger. A group is
	// an attribute whose value is an [Attrs].
	Attrs Attrs `json:"attrs,omitempty"`
	// Step and Resource are the keys of the step and of the resource that logged
	// the line. Each of them is "" if there was none.
	Step     string `json:"step,omitempty"`
	Resource string `json:"resource,omitempty"`
}

func (LogWritten) eventType() EventType { return TypeLogWritten }
