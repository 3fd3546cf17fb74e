package assets

import (
	"slices"
	"time"
)

// Description describes one asset or one op.
type Description struct {
	Key         string   `json:"key"`
	Step        string   `json:"step,omitempty"` // key of the step that makes it, where that is another
	Description string   `json:"description,omitempty"`
	Group       string   `json:"group,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Owners      []string `json:"owners,omitempty"`
	CodeVersion string   `json:"code_version,omitempty"`
	Type        string   `json:"type,omitempty"` // Go type of the value; "" where the function stores its data itself
	IO          string   `json:"io,omitempty"`   // key of the IO manager
	Format      string   `json:"format,omitempty"`
	Function    string   `json:"function"`
	Position    string   `json:"position"`       // file:line of its definition
	With        []string `json:"with,omitempty"` // the other assets that the same function makes
	Upstream    []string `json:"upstream,omitempty"`
	Downstream  []string `json:"downstream,omitempty"`
	Resources   []string `json:"resources,omitempty"` // keys that the function asks for
	// Retries is the number of further attempts that a failing step gets. Timeout
	// is the time limit of each attempt.
	Retries int           `json:"retries,omitempty"`
	Timeout time.Duration `json:"timeout_ns,omitempty"`
	// Pools are the names of the pools in which the step needs a place.
	Pools []string `json:"pools,omitempty"`
	// RowsByReflection are the Go types of the single rows that the function takes or makes as an
	// iter.Seq2, and that are moved by reflection. They are faster with [RowsOf].
	RowsByReflection []string `json:"rows_by_reflection,omitempty" jsonschema:"Go types of the single rows that the function takes or makes by reflection, faster with assets.RowsOf"`
}

// Assets describes every asset, by key.
func (g *Graph) Assets() []Description {
	descriptions := make([]Description, len(g.nodes))
	for i, n := range g.nodes {
		descriptions[i] = n.describe()
	}
	return descriptions
}

// Asset describes one asset, and returns its value as steps store it. If there
// is no such asset, the error names the most similar asset, or the assets that
// the step with that key makes. It matches container.ErrInvalid.
func (g *Graph) Asset(key string) (Description, Output, error) {
	n, ok := g.assets.byKey[key]
	if !ok {
		return Description{}, Output{}, g.unknown("choosing an asset", key)
	}
	return n.describe(), n.describeOutput(), nil
}

func (n *node) describe() Description {
	description := n.maker.describe()
	description.Key, description.Description, description.Group = n.key, n.description, n.group
	description.Tags, description.Owners, description.CodeVersion = n.tags, n.owners, n.codeVersion
	if n.key != n.maker.key {
		description.Step = n.maker.key
	}
	if n.typ != nil {
		description.Type, description.IO, description.Format = n.typ.String(), n.io, n.format
	}
	for _, other := range n.maker.nodes {
		if other != n {
			description.With = append(description.With, other.key)
		}
	}
	description.Downstream = n.downstream()
	return description
}

// describe returns what is the same for all values that the function makes.
func (m *maker) describe() Description {
	description := Description{
		Key: m.key, Description: m.description, Function: m.function.Name, Position: m.position,
		Retries: m.retries, Timeout: m.timeout, Pools: m.pools,
		RowsByReflection: m.rowsByReflection(),
	}
	if m.target != nil { // else the graph is faulty
		description.Resources = m.target.Resources()
	}
	description.Upstream = m.upstreamKeys()
	return description
}

// upstreamKeys are the keys of all that comes before: the values taken, and
// what the function is ordered after.
func (m *maker) upstreamKeys() []string {
	var keys []string
	taken := make(map[*maker]bool)
	for _, in := range m.inputs {
		keys = append(keys, in.from.key)
		taken[in.from.maker] = true
	}
	for _, upstream := range m.upstream {
		if !taken[upstream] {
			keys = append(keys, upstream.keysMade()...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keysMade are the keys of what the function makes, or its own if it makes
// nothing.
func (m *maker) keysMade() []string {
	if len(m.nodes) == 0 {
		return []string{m.key}
	}
	return m.outputKeys()
}

// downstream are the keys of the assets that take the value, or are ordered
// after its function.
func (n *node) downstream() []string {
	var keys []string
	for _, m := range n.maker.needed {
		if m.follows(n) {
			keys = append(keys, m.keysMade()...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// follows reports whether the function takes the value, or is ordered after
// the one that makes it without taking any value of it. It is upstreamKeys for
// one key, which a graph with many edges asks for too often to sort them all.
func (m *maker) follows(n *node) bool {
	takesAnother := false
	for _, in := range m.inputs {
		if in.from == n {
			return true
		}
		takesAnother = takesAnother || in.from.maker == n.maker
	}
	return !takesAnother
}

// JobDescription describes one job.
type JobDescription struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Selection   string            `json:"selection,omitempty"` // "" for a job of ops
	Ops         []Description     `json:"ops,omitempty"`       // in an order in which they may be executed
	Tags        map[string]string `json:"tags,omitempty"`
	OnCrash     CrashPolicy       `json:"on_crash,omitempty"`
	Retries     int               `json:"retries,omitempty"`    // how often a failed run is repeated
	Timeout     time.Duration     `json:"timeout_ns,omitempty"` // of the whole run; 0 means no limit
	Position    string            `json:"position"`
}

// Jobs describes every job, by name.
func (g *Graph) Jobs() []JobDescription {
	descriptions := make([]JobDescription, len(g.jobs))
	for i, j := range g.jobs {
		descriptions[i] = JobDescription{
			Name: j.name, Description: j.description, Selection: j.selection, Tags: j.tags, OnCrash: j.onCrash, Retries: j.retries, Timeout: j.timeout,
			Position: j.position,
		}
		for _, m := range j.makers {
			descriptions[i].Ops = append(descriptions[i].Ops, m.describeOp())
		}
	}
	return descriptions
}

// describeOp describes an op, with its one value if it has one.
func (m *maker) describeOp() Description {
	description := m.describe()
	if len(m.nodes) == 1 && m.nodes[0].key == m.key {
		description = m.nodes[0].describe()
	}
	for _, next := range m.needed {
		description.Downstream = append(description.Downstream, next.key)
	}
	slices.Sort(description.Downstream)
	description.Downstream = slices.Compact(description.Downstream)
	return description
}
