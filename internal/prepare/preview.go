package prepare

import "github.com/fxrun/fxrun/internal/graph"

// Preview says what a prepared child would start.
type Preview struct {
	// Resources are those that would start, in an order in which they may,
	// with the config that they would get. Last are those that live per step
	// and that nested children would start, for targets of [NeedsLater].
	Resources []graph.Description
	// Steps are the configs of the steps among the targets of [Needs] and
	// [NeedsLater], by key.
	Steps []graph.StepDescription
}
