package inspect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/picture"
)

// Picture is a graph to be drawn: what needs what. Its methods DOT and Mermaid
// write it for drawing programs. It is plain data: nodes may be added, changed
// and left out before it is drawn.
type Picture = picture.Picture

// PictureNode is a box of a [Picture].
type PictureNode = picture.Node

// PictureValue is a value that the step of a [PictureNode] makes.
type PictureValue = picture.Value

// Kinds of nodes. The nodes of steps have the word of their assets.Kind.
const (
	// KindResource is a resource.
	KindResource = "resource"
	// KindTarget is a target that is no step.
	KindTarget = "target"
)

func looks() map[string]picture.Look {
	return map[string]picture.Look{
		KindResource: picture.LookResource, KindTarget: picture.LookStep, string(assets.KindAsset): picture.LookStep,
	}
}

// ResourcePicture returns the graph of all resources of a container, by key,
// and before them the targets given, as they are given. Unlike a target's or a
// resource's own needs, arrows lead to replaced resources too. The picture holds
// no config.
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

// resourceIDs are the IDs of the nodes of resources that are needed and of those
// that are replaced, sorted, each once.
func resourceIDs(needed, replaced []string) []string {
	var ids []string
	for _, key := range slices.Concat(needed, replaced) {
		ids = append(ids, resourceID(key))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Picture returns the graph of a scope: the steps of the job, or those that make
// the selected assets, and the resources that they and their IO managers lead
// to. Of all definitions it is every asset and every resource. A node may name
// needs that the scope left out.
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
	about assets.Description // of the first of the assets that the step makes, or of the op
}

// stepNodes are the steps to draw, by key: those of the plan, or, where it is
// nil, of all assets.
func (i *Inspector) stepNodes(job string, plan *assets.Plan) ([]stepNode, error) {
	for _, described := range i.graph.Jobs() {
		if described.Name == job && len(described.Ops) > 0 {
			return opNodes(described, plan), nil
		}
	}
	whole, err := i.graph.Plan("*") // in a smaller plan steps need no more than what is in it
	if err != nil {
		return nil, err
	}
	slices.SortFunc(whole.Steps, func(a, b *assets.Step) int { return strings.Compare(a.Key, b.Key) })
	planned := make(map[string]bool)
	if plan != nil {
		for _, step := range plan.Steps {
			planned[step.Key] = true
		}
	}
	var nodes []stepNode
	for _, step := range whole.Steps {
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

// opNodes are the steps of a job of ops.
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

// complete adds to a target's node what the container does not know: that it
// is a step, which others it needs, and the IO managers of its values. An op
// needs the assets that it loads, too.
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

// stepID is what the target of a step is called.
func stepID(kind assets.Kind, key string) string { return string(kind) + " " + key }

// made are the values of a step, unless it is one that is called as the step.
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

// reached leaves out the resources that no step leads to.
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
