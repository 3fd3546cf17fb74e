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
	// Resource describes it, with the config that it would get in that child;
	// each field says where its value comes from. Secrets are masked.
	Resource Description `json:"resource"`
	// Needed says that the child would start it, or, for one that lives per
	// Step and a target of NeedsLater, that nested children would.
	Needed bool `json:"needed"`
	// Reasons are why, one for each target that leads to it: the most direct
	// first, then by the target's name. Never nil.
	Reasons []Reason `json:"reasons"`
	// Unneeded is why not; "" where it is needed.
	Unneeded Unneeded `json:"unneeded,omitempty"`
}

// Reason is one target that leads to a resource.
type Reason struct {
	// Target is the target's name, as in "asset report"; "resource warehouse"
	// for one that NeedsResources names or that is Eager; [FromOptions]
	// where the child's own fx.Options ask for it and no target does.
	Target string `json:"target"`
	// Path are the keys of the resources from what the target asks for itself
	// down to the one that is explained. It is the shortest way, and the first
	// by keys of those.
	Path []string `json:"path"`
	// Others is how many other ways lead from the target to the resource.
	Others int `json:"others,omitempty"`
}

// FromOptions is the target of a [Reason] that lies in the fx.Options given to
// the child: Fx tells that they need the resource, and not what in them does.
const FromOptions = "the fx options of the child"

// Unneeded says why a child would not start a resource.
type Unneeded string

// The reasons why a resource is not needed.
const (
	// NothingLeadsToIt says that no target leads to it.
	NothingLeadsToIt Unneeded = "nothing leads to it"
	// HostStandsIn says that the host application has a value in its place.
	HostStandsIn Unneeded = "the host application has a value in its place"
	// OptionsStandIn says that targets lead to it, but an fx.Replace among the
	// child's options stands in for it, or for all that lies between.
	OptionsStandIn Unneeded = "the fx options of the child stand in for it, or for what needs it"
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

// Search looks for the ways that lead to one resource, through those that a
// child needs.
type Search struct {
	wanted *Node
	needed map[*Node]bool
	found  map[*Node]ways
}

// ways are all paths from a resource to the wanted one.
type ways struct {
	count    int   // capped at math.MaxInt; 0 is none
	shortest int   // how many steps the shortest one has
	next     *Node // the first step of that
}

// NewSearch looks for the ways to wanted through the resources that are needed.
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

// through adds up the ways through any of the resources, which are by key.
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

// capped adds counts: a graph of diamonds has more paths than an int can count.
func capped(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}

// Reasons are the targets that lead to the wanted resource; where none does,
// it is the child's fx.Options.
func (s *Search) Reasons(targets []*Target) []Reason {
	reasons := []Reason{}
	for _, target := range targets {
		reasons = s.add(reasons, target.name, target.needs)
	}
	if len(reasons) == 0 {
		reasons = s.add(reasons, FromOptions, s.tops(targets))
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

// distinct is each resource once, by key: a target may ask for several results
// of one.
func distinct(nodes []*Node) []*Node {
	sorted := slices.SortedFunc(slices.Values(nodes), func(a, b *Node) int { return strings.Compare(a.Key, b.Key) })
	return slices.Compact(sorted)
}

// tops are the resources that a child needs though neither a target nor
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

// String is the reason as "asset report -> warehouse -> database".
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

// String is the explanation in lines: each reason, then each config field with
// its value and where that comes from.
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
