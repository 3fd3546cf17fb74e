package ui

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

type lineagePage struct {
	Selection     string
	Problem       []string
	WithResources bool
	Graph         drawing
	Groups        []groupSwitch
	Table         *table
	Shown         int
}

// groupSwitch opens or closes a group of the graph.
type groupSwitch struct {
	Name string
	Open bool
	Path string
}

// shownNodes is how many assets are drawn one by one; more are drawn as groups, unless the
// reader opens them.
const shownNodes = 60

// rowsBelowGroups is how many rows the table has at once below a graph of groups. A browser
// has to read it before it paints, though it is closed.
const rowsBelowGroups = 50

func (p *Pages) lineage(r *http.Request) (view, error) {
	page := lineagePage{Selection: trimmed(r, "select"), WithResources: r.FormValue("resources") != ""}
	states, err := p.assetStates(r.Context(), page.Selection)
	selection := page.Selection
	if err != nil {
		for _, fault := range faultList(err) {
			page.Problem = append(page.Problem, fault.Message)
		}
		if states, err = p.assetStates(r.Context(), ""); err != nil {
			return view{}, err
		}
		selection = ""
	}
	page.Shown = len(states)
	byKey := make(map[string]assetState, len(states))
	for _, asset := range states {
		byKey[asset.Key] = asset
	}
	asked := r.URL.Query()["open"]
	open := slices.DeleteFunc(groupsOf(states), func(group string) bool { return !slices.Contains(asked, group) })
	isCollapsed := len(states) > shownNodes && len(groupsOf(states)) > 1
	page.Groups = p.groupSwitches(r, states, open, isCollapsed)
	if isCollapsed {
		page.Graph = draw(p.collapsed(r, states, open, page.WithResources))
	} else {
		picture, err := p.inspect.Picture(inspect.Scope{Selection: cmp.Or(selection, "*")})
		if err != nil && len(states) > 0 {
			return view{}, err
		}
		page.Graph = p.drawPicture(picture, byKey, page.WithResources)
	}
	page.Table = newTable("No asset fits.", "asset", "state", "group", "needs")
	if isCollapsed { // the page is large enough
		page.Table.OnPage = rowsBelowGroups
	}
	page.Table.fill(r, len(states), func(i int) []cell {
		asset := states[i]
		status := assetBadge(asset.status())
		return []cell{linked(asset.Key, p.url("/assets/", asset.Key)), {Badge: &status, order: status.Text}, text(asset.Group), links(p.url("/assets/"), asset.Upstream)}
	})
	page.Table.Select = "asset"
	for i := range page.Table.Rows {
		page.Table.Rows[i].Key = page.Table.Rows[i].Cells[0].Text
	}
	return view{Template: "lineage", Title: "Lineage", Nav: "/lineage", Data: page}, nil
}

func groupOf(asset *assetState) string { return cmp.Or(asset.Group, "without a group") }

func groupsOf(states []assetState) []string {
	groups := make(map[string]bool)
	for i := range states {
		groups[groupOf(&states[i])] = true
	}
	return slices.Sorted(maps.Keys(groups))
}

func (p *Pages) groupSwitches(r *http.Request, states []assetState, open []string, isCollapsed bool) []groupSwitch {
	if !isCollapsed {
		return nil
	}
	var list []groupSwitch
	for _, group := range groupsOf(states) {
		list = append(list, groupSwitch{group, slices.Contains(open, group), p.toggled(r, group, open)})
	}
	return list
}

// toggled returns the address of the page with a group opened or closed.
func (p *Pages) toggled(r *http.Request, group string, open []string) string {
	query := r.URL.Query()
	query["open"] = slices.DeleteFunc(slices.Clone(open), func(name string) bool { return name == group })
	if !slices.Contains(open, group) {
		query.Add("open", group)
	}
	return "?" + query.Encode()
}

// collapsed returns the nodes of a graph in which each group that is not open is one box.
func (p *Pages) collapsed(r *http.Request, states []assetState, open []string, withResources bool) []graphNode {
	id := make(map[string]string, len(states)) // of the box that an asset is in
	members := make(map[string][]*assetState)
	for i := range states {
		asset := &states[i]
		group := groupOf(asset)
		id[asset.Key] = "asset " + asset.Key
		if !slices.Contains(open, group) {
			id[asset.Key] = "group " + group
			members[group] = append(members[group], asset)
		}
	}
	nodes := make(map[string]*graphNode)
	for i := range states {
		asset := &states[i]
		box := id[asset.Key]
		group, isGroup := strings.CutPrefix(box, "group ")
		node := nodes[box]
		if node == nil {
			node = &graphNode{ID: box}
			nodes[box] = node
			if isGroup {
				node.Text, node.Class, node.Path = group, "group "+groupClass(members[group]), p.toggled(r, group, open)
				node.Detail = groupText(members[group])
			}
		}
		for _, need := range asset.Upstream {
			if of, ok := id[need]; ok && of != box && !slices.Contains(node.Needs, of) {
				node.Needs = append(node.Needs, of)
			}
		}
		if withResources {
			p.addResources(nodes, node, asset)
		}
		if isGroup {
			continue
		}
		status := assetBadge(asset.status())
		node.Text, node.Class, node.Path, node.Detail = asset.Key, "asset s-"+status.Class, p.url("/assets/", asset.Key), nodeText(asset, time.Now())
	}
	list := make([]graphNode, 0, len(nodes))
	for _, key := range sortedKeys(nodes) {
		list = append(list, *nodes[key])
	}
	return list
}

// addResources adds the resources that an asset asks for itself to the nodes of a graph. What
// these need, and what stores values, would be needed by almost all boxes.
func (p *Pages) addResources(nodes map[string]*graphNode, box *graphNode, asset *assetState) {
	for _, key := range asset.Resources {
		id := "resource " + key
		if nodes[id] == nil {
			nodes[id] = &graphNode{ID: id, Text: key, Class: "resource", Path: p.url("/resources/", key)}
		}
		if !slices.Contains(box.Needs, id) {
			box.Needs = append(box.Needs, id)
		}
	}
}

// nodeText says on a node how an asset is: its state if that is not good, or else how much
// it has and how old that is.
func nodeText(asset *assetState, now time.Time) string {
	status := asset.status()
	if asset.Last == nil || status != "materialized" {
		return status
	}
	text := ageText(now.Sub(asset.Last.Time))
	if value, ok := asset.Last.Data.(history.AssetMaterialized); ok {
		if count, known := rowsOf(value); known {
			text = counted(int(count), "row") + ", " + text
		}
	}
	return text
}

// ageText returns an age in its largest unit, as in "3 h old".
func ageText(age time.Duration) string {
	switch {
	case age < time.Minute:
		return "new"
	case age < time.Hour:
		return sprintf("%d min old", int(age.Minutes()))
	case age < 48*time.Hour:
		return sprintf("%d h old", int(age.Hours()))
	}
	return sprintf("%d d old", int(age.Hours())/24)
}

func groupClass(members []*assetState) string {
	class := "s-ok"
	for _, asset := range members {
		switch assetBadge(asset.status()).Class {
		case "bad":
			return "s-bad"
		case "run":
			class = "s-run"
		case "":
			if class == "s-ok" {
				class = "s-"
			}
		}
	}
	return class
}

// groupText counts the assets of a group by state.
func groupText(members []*assetState) string {
	counts := make(map[string]int)
	for _, asset := range members {
		counts[asset.status()]++
	}
	texts := []string{counted(len(members), "asset")}
	for _, status := range []string{"failed", "running", "no value"} {
		if n := counts[status]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, status))
		}
	}
	return strings.Join(texts, ", ")
}
