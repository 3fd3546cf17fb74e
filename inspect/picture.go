package inspect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/picture"
)

// Picture is a graph that shows which steps and resources need each other. Its
// methods DOT and Mermaid write the graph for drawing programs. It is plain data: a
// caller may add, change and remove nodes before it is drawn.
type Picture = picture.Picture

// PictureNode is a box of a [Picture].
type PictureNode = picture.Node

// PictureValue is a value that the step of a [PictureNode] makes.
type PictureValue = picture.Value

// The kinds of nodes. The kind of the node of a step is the text of its
// assets.Kind.
const (
	// KindResource is a resource.
	KindResource = "resource"
	// KindTarget is a target that is not a step.
	KindTarget = "target"
)

func looks() map[string]picture.Look {
	return map[string]picture.Look{
		KindResource: picture.LookResource, KindTarget: picture.LookStep, string(assets.KindAsset): picture.LookStep,
	}
}

// ResourcePicture returns the graph of the given targets, in the given order, and
// of all resources of a container, sorted by key. Arrows also lead to resources
// that the host application has replaced, which the needs of a target or of a
// resource leave out. The picture contains no config.
func ResourcePicture(c *container.Container, targets ...*container.Target) Picture {
	drawn := Picture{Nodes: make([]PictureNode, 0, len(targets)), Looks: looks()}
	for _, target := range targets {
		drawn.Nodes = append(drawn.Nodes, targetNode(target))
	}
	for _, resource := range c.Resources() {
		drawn.Nodes = append(drawn.Nodes, resourceNode(resource))
	}
	return drawn
}

func targetNode(target *container.Target) PictureNode {
	return PictureNode{
		ID: target.Name(), Kind: KindTarget, Key: target.Name(), Needs: resourceIDs(target.Resources(), target.Replaced()),
	}
}

func resourceNode(resource container.Description) PictureNode {
	node := PictureNode{
		ID: resourceID(resource.Key), Kind: KindResource, Key: resource.Key, Description: resource.Description,
		Eager: resource.Eager, Replaced: resource.Replaced,
	}
	if resource.Lifetime != container.LifetimeRun {
		node.Lifetime = "per " + resource.Lifetime.String()
	}
	if len(resource.Types) > 0 {
		node.Type = resource.Types[0]
	}
	if !resource.Replaced {
		node.Needs = resourceIDs(resource.Needs, resource.NeedsReplaced)
	}
	return node
}

func resourceID(key string) string { return KindResource + " " + key }

// resourceIDs returns the node IDs of needed and of replaced resources, sorted,
// each once.
func resourceIDs(needed, replaced []string) []string {
	var ids []string
	for _, key := range slices.Concat(needed, replaced) {
		ids = append(ids, resourceID(key))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Picture returns the graph of a scope. It has the steps of the job, or the steps
// that make the selected assets. It also has the resources that these steps and
// their IO managers need, directly or through other resources. For all definitions,
// the graph has every asset and every resource. A node may name needs that are not
// in the scope.
func (i *Inspector) Picture(scope Scope) (Picture, error) {
	plan, err := i.plan(scope)
	if err != nil {
		return Picture{}, err
	}
	drawn, err := i.stepNodes(scope.Job, plan)
	if err != nil {
		return Picture{}, err
	}
	targets := make([]*container.Target, len(drawn))
	for n, node := range drawn {
		targets[n] = node.step.Target()
	}
	picture := ResourcePicture(i.container, targets...)
	for n := range picture.Nodes {
		if n < len(drawn) {
			picture.Nodes[n] = drawn[n].complete(picture.Nodes[n])
		} else {
			picture.Nodes[n].Group = "resources"
		}
	}
	if plan != nil {
		picture.Nodes = reached(picture.Nodes)
	}
	return picture, nil
}

// stepNode is a step that is drawn.
type stepNode struct {
	step  *assets.Step
	group string
	about assets.Description // the op, or the first asset that the step makes
}

// stepNodes returns the steps to draw, sorted by key. These are the steps of the
// plan, or the steps of all assets if the plan is nil.
func (i *Inspector) stepNodes(job string, plan *assets.Plan) ([]stepNode, error) {
	for _, described := range i.graph.Jobs() {
		if described.Name == job && len(described.Ops) > 0 {
			return opNodes(described, plan), nil
		}
	}
	whole, err := i.steps() // not the given plan: its steps need only each other, and the picture shows all needs
	if err != nil {
		return nil, err
	}
	planned := make(map[string]bool)
	if plan != nil {
		for _, step := range plan.Steps {
			planned[step.Key] = true
		}
	}
	var nodes []stepNode
	for _, step := range whole {
		if plan != nil && !planned[step.Key] {
			continue
		}
		asset, _, err := i.graph.Asset(step.Outputs[0].Key)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, stepNode{step: step, group: cmp.Or(asset.Group, "assets"), about: asset})
	}
	return nodes, nil
}

// findSteps returns the steps of all assets, by key.
func (i *Inspector) findSteps() ([]*assets.Step, error) {
	whole, err := i.graph.Plan("*")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(whole.Steps, func(a, b *assets.Step) int { return strings.Compare(a.Key, b.Key) })
	return whole.Steps, nil
}

// opNodes returns the steps of a job of ops.
func opNodes(job assets.JobDescription, plan *assets.Plan) []stepNode {
	nodes := make([]stepNode, len(plan.Steps))
	for n, step := range plan.Steps {
		nodes[n] = stepNode{step: step, group: "job " + job.Name}
		for _, op := range job.Ops {
			if op.Key == step.Key {
				nodes[n].about = op
			}
		}
	}
	return nodes
}

// complete adds to the node of a target what the container does not know: that the
// target is a step, which other steps it needs, and the IO managers of its values.
// An op also needs the assets that it loads.
func (s stepNode) complete(node PictureNode) PictureNode {
	node.Makes = made(s.step)
	if len(node.Makes) > 0 {
		s.about.Type = ""
	}
	node.Kind, node.Key, node.Type, node.Description, node.Group = string(s.step.Kind), s.step.Key, s.about.Type, s.about.Description, s.group
	for _, upstream := range s.step.Needs {
		node.Needs = append(node.Needs, stepID(s.step.Kind, upstream))
	}
	for _, input := range s.step.Inputs {
		if !input.Planned {
			node.Needs = append(node.Needs, stepID(input.Kind, input.Key))
		}
	}
	for _, use := range s.step.Storage() {
		node.Needs = append(node.Needs, resourceID(use.IO))
	}
	slices.Sort(node.Needs)
	node.Needs = slices.Compact(node.Needs)
	return node
}

// stepID returns the name of the target of a step.
func stepID(kind assets.Kind, key string) string { return string(kind) + " " + key }

// made returns the values that a step makes. It returns nil if the step makes a
// single value that has the key of the step.
func made(step *assets.Step) []PictureValue {
	if len(step.Outputs) == 1 && step.Outputs[0].Key == step.Key {
		return nil
	}
	var values []PictureValue
	for _, output := range step.Outputs {
		value := PictureValue{Key: output.Key}
		if output.Type != nil {
			value.Type = output.Type.String()
		}
		values = append(values, value)
	}
	return values
}

// reached removes the resources that no step needs, directly or through other
// resources.
func reached(nodes []PictureNode) []PictureNode {
	byID := make(map[string]PictureNode, len(nodes))
	for _, node := range nodes {
		byID[node.ID] = node
	}
	seen := make(map[string]bool, len(nodes))
	var visit func(id string)
	visit = func(id string) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, need := range byID[id].Needs {
			visit(need)
		}
	}
	for _, node := range nodes {
		if node.Kind != KindResource {
			visit(node.ID)
		}
	}
	return slices.DeleteFunc(nodes, func(node PictureNode) bool { return !seen[node.ID] })
}
