package cli

import (
	"cmp"
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// stepNode is a step that is drawn.
type stepNode struct {
	step  *assets.Step
	group string
	about assets.Description // of the first of the assets that the step makes, or of the op
}

func assetNode(asset assets.Description, step *assets.Step) stepNode {
	return stepNode{step: step, group: cmp.Or(asset.Group, "assets"), about: asset}
}

// opNodes are the steps of a job of ops.
func opNodes(job assets.JobDescription, plan *assets.Plan) []stepNode {
	nodes := make([]stepNode, len(plan.Steps))
	for i, step := range plan.Steps {
		nodes[i] = stepNode{step: step, group: "job " + job.Name}
		for _, op := range job.Ops {
			if op.Key == step.Key {
				nodes[i].about = op
			}
		}
	}
	return nodes
}

// complete adds to a target's node what the container does not know: that it
// is a step, which others it needs, and the IO managers of its values. An op
// needs the assets that it loads, too.
func (s stepNode) complete(node container.PictureNode) container.PictureNode {
	node.Makes = made(s.step)
	if len(node.Makes) > 0 {
		s.about.Type = ""
	}
	node.Kind, node.Key, node.Type, node.Description, node.Group = string(s.step.Kind), s.step.Key, s.about.Type, s.about.Description, s.group
	for _, upstream := range s.step.Needs {
		node.Needs = append(node.Needs, string(s.step.Kind)+" "+upstream)
	}
	for _, input := range s.step.Inputs {
		if !input.Planned {
			node.Needs = append(node.Needs, string(input.Kind)+" "+input.Key)
		}
	}
	for _, key := range ioManagers(s.step) {
		node.Needs = append(node.Needs, "resource "+key)
	}
	slices.Sort(node.Needs)
	node.Needs = slices.Compact(node.Needs)
	return node
}

// made are the values of a step, unless it is one that is called as the step.
func made(step *assets.Step) []container.PictureValue {
	if len(step.Outputs) == 1 && step.Outputs[0].Key == step.Key {
		return nil
	}
	var values []container.PictureValue
	for _, output := range step.Outputs {
		value := container.PictureValue{Key: output.Key}
		if output.Type != nil {
			value.Type = output.Type.String()
		}
		values = append(values, value)
	}
	return values
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

// reached leaves out the resources that no step leads to.
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
		if node.Kind != container.ResourceKind {
			visit(node.ID)
		}
	}
	return slices.DeleteFunc(nodes, func(node container.PictureNode) bool { return !seen[node.ID] })
}
