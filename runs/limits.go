package runs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// Limits say how much may be executed at the same time by all launchers with the same
// locks, in all processes together. All of these launchers need the same Limits. The zero
// Limits limit only pools.
//
// A run that finds no place stays queued, and a step that finds no place stays pending.
// Places are locks, so those of a process that was killed are free at once.
type Limits struct {
	// Runs is the largest number of runs that are executed at the same time. 0 means no
	// limit.
	Runs int
	// Tags limit the runs with certain tags.
	Tags []TagLimit
	// Pools are the numbers of places in pools, by the name of the pool: see
	// assets.Pool. A pool that is not named here has one place.
	Pools map[string]int
}

// TagLimit limits the number of runs with a tag that are executed at the same time.
type TagLimit struct {
	// Key is the key of the tag.
	Key string
	// Value is the value of the tag. If it is "", the limit holds for each value of the
	// tag separately.
	Value string
	// Runs is the largest number of runs. It is at least 1.
	Runs int
}

// check returns the faults of the limits. A pool that no step is in is most likely a
// mistyped name, and its limit would have no effect.
func (l Limits) check(graph *assets.Graph) error {
	var faults []error
	if l.Runs < 0 {
		faults = append(faults, fmt.Errorf("the number of runs is %d: it must be at least 1, or 0 for no limit", l.Runs))
	}
	seen := make(map[[2]string]bool)
	for _, tag := range l.Tags {
		switch {
		case tag.Key == "":
			faults = append(faults, errors.New("a limit for a tag has no key"))
		case tag.Runs < 1:
			faults = append(faults, fmt.Errorf("the limit for the tag %s is %d: it must be at least 1", tag, tag.Runs))
		case seen[[2]string{tag.Key, tag.Value}]:
			faults = append(faults, fmt.Errorf("the tag %s has two limits: give one", tag))
		}
		seen[[2]string{tag.Key, tag.Value}] = true
	}
	known := graph.Pools()
	for _, pool := range slices.Sorted(maps.Keys(l.Pools)) {
		if places := l.Pools[pool]; places < 1 {
			faults = append(faults, fmt.Errorf("the pool %s has %d places: it must have at least 1", pool, places))
		}
		if !slices.Contains(known, pool) {
			faults = append(faults, fmt.Errorf("there is no pool %q%s: no asset and no op has the option assets.Pool(%[1]q)", pool, nearest.Suggestion(pool, known)))
		}
	}
	return fault.Join("checking the limits", faults)
}

// String returns the tag as it is written in a setting: KEY, or KEY=VALUE.
func (t TagLimit) String() string {
	if t.Value == "" {
		return t.Key
	}
	return t.Key + "=" + t.Value
}

// limit is a number of places. Each of them is a lock.
type limit struct {
	locks  string // the beginning of the names of the locks
	places int
	about  string // what has the limit, for people
}

func (l limit) lockName(place int) string { return fmt.Sprintf("%s/%d", l.locks, place) }

func (l limit) String() string {
	if l.places == 1 {
		return l.about + " (limit 1)"
	}
	return fmt.Sprintf("%s (limit %d)", l.about, l.places)
}

// ofRun returns the limits that hold for a run with certain tags.
func (l Limits) ofRun(tags map[string]string) []limit {
	var limits []limit
	for _, tag := range l.Tags {
		value, ok := tags[tag.Key]
		switch {
		case !ok:
		case tag.Value == "":
			limits = append(limits, limit{fmt.Sprintf("tag/%q/each/%q", tag.Key, value), tag.Runs, "runs with the tag " + tag.Key + "=" + value})
		case tag.Value == value:
			limits = append(limits, limit{fmt.Sprintf("tag/%q/%q", tag.Key, value), tag.Runs, "runs with the tag " + tag.Key + "=" + value})
		}
	}
	if l.Runs > 0 { // last, since a run that waits for a rarer place must not hold one of these
		limits = append(limits, limit{"runs", l.Runs, "runs"})
	}
	return limits
}

// ofStep returns the limits that hold for a step.
func (l Limits) ofStep(step *assets.Step) []limit {
	var limits []limit
	for _, pool := range step.Pools {
		limits = append(limits, l.ofPool(pool))
	}
	return limits
}

// ofPool returns the limit of a pool.
func (l Limits) ofPool(pool string) limit {
	return limit{fmt.Sprintf("pool/%q", pool), max(l.Pools[pool], 1), "steps in the pool " + pool}
}

// textOf names limits for people.
func textOf(limits []limit) string {
	texts := make([]string, len(limits))
	for i, limit := range limits {
		texts[i] = limit.String()
	}
	return strings.Join(texts, ", and of ")
}
