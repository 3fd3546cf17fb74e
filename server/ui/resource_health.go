package ui

import (
	"net/http"
	"time"

	"github.com/fxrun/fxrun/inspect"
)

// checkLimit is how long the health check of a resource may take on a page.
const checkLimit = 15 * time.Second

// healthPart is the result of a check that a person has asked for.
type healthPart struct {
	Health []inspect.ResourceHealth
	Checks checksPart
}

// checksPart are the last checks of a resource that the server knows.
type checksPart struct {
	Table *table
	Since time.Time // from when on the server knows of checks
	Every string    // how often it checks; "" for never by itself
}

// checkResource starts a resource, checks its health and stops it.
func (p *Pages) checkResource(w http.ResponseWriter, r *http.Request) error {
	key := r.PathValue("key")
	p.audit(r, "check health", "resource", key)
	health, err := p.config.Health.Check(r.Context(), inspect.HealthRequest{Resources: []string{key}, Limit: checkLimit})
	if err != nil {
		return err
	}
	p.write(w, r, p.partOrPage(r, view{Template: "part-health", Title: "Health of " + key, Nav: "/resources", Data: healthPart{health, p.checksOf(key)}}))
	return nil
}

func (p *Pages) checksOf(key string) checksPart {
	t := newTable("It was not checked since the server started.", "checked", "result", ">start took", ">check took", "problem")
	for _, one := range p.config.Health.Of(key) {
		status := healthBadge(one.Status)
		t.add(at(one.Checked), cell{Badge: &status}, right(durationText(one.Start), int64(one.Start)), right(durationText(one.Check), int64(one.Check)), text(one.Error))
	}
	return checksPart{t, p.config.Health.Since(), p.checkInterval()}
}

// checkInterval says how often the resources are checked, or "" if nobody has chosen it.
func (p *Pages) checkInterval() string {
	if p.config.CheckEvery <= 0 {
		return ""
	}
	return p.config.CheckEvery.String()
}

func healthBadge(status inspect.HealthStatus) badge {
	if status.Good() {
		return badge{"ok", string(status)}
	}
	return badge{"bad", string(status)}
}

// lastHealth returns the cells with the last result of each resource and its age.
func (p *Pages) lastHealth(now time.Time) map[string]cell {
	cells := make(map[string]cell)
	for _, resource := range p.inspect.Resources() {
		cells[resource.Key] = text("not checked")
	}
	for _, one := range p.config.Health.Last() {
		status := healthBadge(one.Status)
		status.Text += ", " + durationText(now.Sub(one.Checked)) + " ago"
		cells[one.Resource] = cell{Badge: &status, order: string(one.Status)}
	}
	return cells
}

// healthToLookAt lists the resources whose last health check has found a fault.
func (p *Pages) healthToLookAt(now time.Time) []attention {
	var list []attention
	for _, one := range p.config.Health.Last() {
		if !one.Status.Good() {
			text := "checked " + durationText(now.Sub(one.Checked)) + " ago: " + firstLine(one.Error)
			list = append(list, attention{healthBadge(one.Status), link{"resource " + one.Resource, p.url("/resources/", one.Resource)}, text, one.Checked})
		}
	}
	return list
}
