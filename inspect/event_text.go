package inspect

import (
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/quantity"
)

// CancelRequestText returns why a run is to be cancelled, by whom, and how soon. It is "" if
// nothing of this is known. duration writes a duration as the caller shows it.
func CancelRequestText(request history.RunCancelRequested, duration func(time.Duration) string) string {
	text := request.Reason
	if strings.Contains(request.By, "@") { // a person, and not the process of the run
		text = strings.TrimSpace(text + " (by " + request.By + ")")
	}
	if request.Within > 0 {
		text += ", running steps may go on for " + duration(request.Within)
	}
	return strings.TrimPrefix(text, ", ")
}

// UsageText returns what the process of a step has used, or "" if it had none of its own. It
// continues a text, so it begins with a comma. duration writes a duration as the caller shows it.
func UsageText(usage history.Usage, duration func(time.Duration) string) string {
	if usage == (history.Usage{}) {
		return ""
	}
	text := ", processor time " + duration(usage.CPU)
	if usage.Memory > 0 {
		text += ", memory " + quantity.Size(usage.Memory)
	}
	return text
}

// ValueName returns the name of a materialization: the key of its asset, with the partition in
// brackets if it has one.
func ValueName(value history.AssetMaterialized) string {
	if value.Partition == "" {
		return value.Asset
	}
	return value.Asset + "[" + value.Partition + "]"
}
