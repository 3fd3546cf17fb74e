package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/config"
)

// Explanation is why a child would need a resource, and with which config.
type Explanation struct {
	// Resource describes the resource, with the config that it would get in
	// that child. Each field says where its value comes from. Secrets are
	// masked.
	Resource Description `json:"resource"`
	// Needed says that the child would start the resource. For a resource that
	// lives per step and a target of NeedsLater, it says that nested children
	// would.
	Needed bool `json:"needed"`
	// Reasons has one reason for each target that leads to the resource: the
	// most direct first, then by the name of the target. It is never nil.
	Reasons []Reason `json:"reasons"`
	// Unneeded says why the resource is not needed. It is "" if the resource is
	// needed.
	Unneeded Unneeded `json:"unneeded,omitempty"`
}

// Reason is one target that leads to a resource.
type Reason struct {
	// Target is the name of the target, as in "asset report". It is "resource
	// warehouse" for a resource that NeedsResources names or that is Eager, and
	// [TargetOptions] if the fx.Options of the child ask for the resource and no
	// target does.
	Target string `json:"target"`
	// Path has the keys of the resources from the one that the target asks for
	// itself down to the one that is explained. It is the shortest way, and of
	// several the first by keys.
	Path []string `json:"path"`
	// Others is how many other ways lead from the target to the resource.
	Others int `json:"others,omitempty"`
}

// TargetOptions is the target of a [Reason] that lies in the fx.Options of the
// child. Fx says that the options need the resource, but not which part of them
// does.
const TargetOptions = "the fx options of the child"

// Unneeded says why a child would not start a resource.
type Unneeded string

// The reasons why a resource is not needed.
const (
	// UnneededUnreached says that no target leads to it.
	UnneededUnreached Unneeded = "nothing leads to it"
	// UnneededForHost says that the host application has a value in its place.
	UnneededForHost Unneeded = "the host application has a value in its place"
	// UnneededForOptions says that targets lead to the resource, but an fx.Replace
	// among the options of the child takes its place, or the place of all
	// resources on the way.
	UnneededForOptions Unneeded = "the fx options of the child stand in for it, or for what needs it"
)

// UsersOf returns the keys of the resources that need n.
func (g *Graph) UsersOf(n *Node) []string {
	var keys []string
	for _, user := range g.Nodes {
		if slices.Contains(user.Needs, n) {
			keys = append(keys, user.Key)
		}
	}
	return keys
}

// Search looks for the ways that lead to one resource, through the resources
// that a child needs.
type Search struct {
	wanted *Node
	needed map[*Node]bool
	found  map[*Node]ways
}

// ways describes all paths from a resource to the wanted one.
type ways struct {
	count    int   // math.MaxInt at most; 0 if there is no path
	shortest int   // the number of steps of the shortest path
	next     *Node // the first step of the shortest path
}

// NewSearch finds the ways to wanted through the resources that are needed.
func NewSearch(wanted *Node, needed []*Node) *Search {
	s := &Search{wanted: wanted, needed: make(map[*Node]bool, len(needed)), found: map[*Node]ways{wanted: {count: 1}}}
	for _, n := range needed {
		s.needed[n] = true
	}
	return s
}

func (s *Search) from(n *Node) ways {
	if !s.needed[n] {
		return ways{}
	}
	if known, ok := s.found[n]; ok {
		return known
	}
	all := s.through(n.Needs)
	s.found[n] = all
	return all
}

// through adds up the ways through all of the resources, which are sorted by
// key.
func (s *Search) through(nodes []*Node) ways {
	var all ways
	for _, n := range nodes {
		further := s.from(n)
		if further.count == 0 {
			continue
		}
		if length := further.shortest + 1; all.next == nil || length < all.shortest {
			all.shortest, all.next = length, n
		}
		all.count = capped(all.count, further.count)
	}
	return all
}

// capped adds counts, to math.MaxInt at most, because a graph may have more
// paths than an int can count.
func capped(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// Reasons returns the targets that lead to the wanted resource. If there is
// none, it returns the fx.Options of the child.
func (s *Search) Reasons(targets []*Target) []Reason {
	reasons := []Reason{}
	for _, target := range targets {
		reasons = s.add(reasons, target.name, target.needs)
	}
	if len(reasons) == 0 {
		reasons = s.add(reasons, TargetOptions, s.tops(targets))
	}
	slices.SortFunc(reasons, func(a, b Reason) int {
		if len(a.Path) != len(b.Path) {
			return len(a.Path) - len(b.Path)
		}
		if order := strings.Compare(a.Target, b.Target); order != 0 {
			return order
		}
		return slices.Compare(a.Path, b.Path)
	})
	return slices.CompactFunc(reasons, func(a, b Reason) bool {
		return a.Target == b.Target && a.Others == b.Others && slices.Equal(a.Path, b.Path)
	})
}

func (s *Search) add(reasons []Reason, target string, needs []*Node) []Reason {
	all := s.through(distinct(needs))
	if all.count == 0 {
		return reasons
	}
	reason := Reason{Target: target, Others: all.count - 1}
	for n := all.next; n != nil; n = s.found[n].next {
		reason.Path = append(reason.Path, n.Key)
	}
	return append(reasons, reason)
}

// distinct returns each resource once, by key, because a target may ask for
// several results of one resource.
func distinct(nodes []*Node) []*Node {
	sorted := slices.SortedFunc(slices.Values(nodes), func(a, b *Node) int { return strings.Compare(a.Key, b.Key) })
	return slices.Compact(sorted)
}

// tops returns the resources that a child needs although neither a target nor
// another resource asks for them.
func (s *Search) tops(targets []*Target) []*Node {
	asked := make(map[*Node]bool)
	for _, target := range targets {
		for _, n := range target.needs {
			asked[n] = true
		}
	}
	for n := range s.needed {
		for _, need := range n.Needs {
			asked[need] = true
		}
	}
	var tops []*Node
	for n := range s.needed {
		if !asked[n] {
			tops = append(tops, n)
		}
	}
	return tops
}

// String returns the reason, as in "asset report -> warehouse -> database".
func (r Reason) String() string {
	text := r.Target + " -> " + strings.Join(r.Path, " -> ")
	switch r.Others {
	case 0:
		return text
	case 1:
		return text + " (and in one other way)"
	}
	return fmt.Sprintf("%s (and in %d other ways)", text, r.Others)
}

// String returns the explanation in lines: each reason, then each config field
// with its value and the source of the value.
func (e Explanation) String() string {
	var text strings.Builder
	if e.Needed {
		fmt.Fprintf(&text, "%s is needed by", e.Resource.Key)
		for _, reason := range e.Reasons {
			text.WriteString("\n  " + reason.String())
		}
	} else {
		fmt.Fprintf(&text, "%s is not needed: %s", e.Resource.Key, e.Unneeded)
	}
	if len(e.Resource.Config) > 0 {
		text.WriteString("\nits config")
	}
	for _, field := range e.Resource.Config {
		fmt.Fprintf(&text, "\n  %s", field.Path)
		if field.Value != "" {
			fmt.Fprintf(&text, " = %s", field.Value)
		}
		fmt.Fprintf(&text, " (%s)", field.Source)
		if field.Variable != "" && (field.Source == config.SourceEnv || field.Source == config.SourceLaunch) {
			text.WriteString(" " + field.Variable)
		}
	}
	return text.String()
}
