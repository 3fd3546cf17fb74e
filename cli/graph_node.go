package cli

import (
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// assetKind is the kind of an asset's node in a picture.
const assetKind = "asset"

// assetNode is an asset that is drawn.
type assetNode struct {
	assets.Description

	step *assets.Step
}

// complete adds to a target's node what the container does not know: that it
// is an asset, which assets it needs, and the IO managers of its values.
func (a assetNode) complete(node container.PictureNode) container.PictureNode {
	node.Kind, node.Key, node.Type, node.Description, node.Group = assetKind, a.Key, a.Type, a.Description.Description, a.Group
	if node.Group == "" {
		node.Group = "assets"
	}
	for _, upstream := range a.Upstream {
		node.Needs = append(node.Needs, "asset "+upstream)
	}
	for _, key := range ioManagers(a.step) {
		node.Needs = append(node.Needs, "resource "+key)
	}
	slices.Sort(node.Needs)
	node.Needs = slices.Compact(node.Needs)
	return node
}

// ioManagers are the keys of the IO managers of a step's output and inputs.
func ioManagers(step *assets.Step) []string {
	var keys []string
	for _, output := range step.Outputs {
		if output.Type != nil {
			keys = append(keys, output.IO)
		}
	}
	for _, input := range step.Inputs {
		keys = append(keys, input.IO)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// reached leaves out the resources that no asset leads to.
func reached(nodes []container.PictureNode) []container.PictureNode {
	byID := make(map[string]container.PictureNode, len(nodes))
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
		if node.Kind == assetKind {
			visit(node.ID)
		}
	}
	return slices.DeleteFunc(nodes, func(node container.PictureNode) bool { return !seen[node.ID] })
}
