package runs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/fault"
)

// checkTags refuses tags that only the launcher sets, and those that the history could not
// keep as they are.
func checkTags(tags map[string]string) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		switch {
		case name == "":
			faults = append(faults, fmt.Errorf("the tag with the value %q has no name", tags[name]))
		case strings.HasPrefix(name, reservedTags):
			faults = append(faults, fmt.Errorf("the tag %s: only the launcher sets tags that begin with %s", name, reservedTags))
		case !utf8.ValidString(name) || !utf8.ValidString(tags[name]):
			faults = append(faults, fmt.Errorf("the tag %q with the value %q is not UTF-8", name, tags[name]))
		}
	}
	return fault.Join("launching a run", faults)
}
