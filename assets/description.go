package assets

// Description tells about one asset.
type Description struct {
	Key         string   `json:"key"`
	Description string   `json:"description,omitempty"`
	Group       string   `json:"group,omitempty"`
	Tags        []string `json:"tags,omitempty"`
	Owners      []string `json:"owners,omitempty"`
	Type        string   `json:"type,omitempty"` // Go type of the value; "" where the function stores its data itself
	IO          string   `json:"io,omitempty"`   // key of the IO manager
	Format      string   `json:"format,omitempty"`
	Function    string   `json:"function"`
	Position    string   `json:"position"` // file:line of its definition
	Upstream    []string `json:"upstream,omitempty"`
	Downstream  []string `json:"downstream,omitempty"`
	Resources   []string `json:"resources,omitempty"` // keys that the function asks for
}

// Assets describes every asset, by key.
func (g *Graph) Assets() []Description {
	descriptions := make([]Description, len(g.nodes))
	for i, n := range g.nodes {
		descriptions[i] = n.describe()
	}
	return descriptions
}

// Asset describes one asset, and makes a step of it by itself, of which the
// output says where its value is stored. The error names the nearest asset and
// matches container.ErrInvalid.
func (g *Graph) Asset(key string) (Description, *Step, error) {
	n, ok := g.byKey[key]
	if !ok {
		return Description{}, nil, g.unknown("choosing an asset", key)
	}
	return n.describe(), g.step(n, map[string]bool{key: true}), nil
}

func (n *node) describe() Description {
	description := Description{
		Key: n.key, Description: n.description, Group: n.group, Tags: n.tags, Owners: n.owners,
		Function: n.function.Name, Position: n.position, Resources: n.target.Resources(),
	}
	if n.output != nil {
		description.Type, description.IO, description.Format = n.output.String(), n.io, n.format
	}
	for _, upstream := range n.upstream {
		description.Upstream = append(description.Upstream, upstream.key)
	}
	for _, downstream := range n.needed {
		description.Downstream = append(description.Downstream, downstream.key)
	}
	return description
}

// JobDescription tells about one job.
type JobDescription struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Selection   string            `json:"selection"`
	Tags        map[string]string `json:"tags,omitempty"`
	Position    string            `json:"position"`
}

// Jobs describes every job, by name.
func (g *Graph) Jobs() []JobDescription {
	descriptions := make([]JobDescription, len(g.jobs))
	for i, job := range g.jobs {
		descriptions[i] = JobDescription{
			Name: job.name, Description: job.description, Selection: job.selection, Tags: job.tags, Position: job.position,
		}
	}
	return descriptions
}
