package client

import (
	"context"
	"net/url"
	"strconv"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/server/api"
)

// Automations returns the state of all schedules, or of all sensors.
func (c *Client) Automations(ctx context.Context, kind automation.Kind) (all []automation.Status, err error) {
	err = c.get(ctx, pathOf(kind), nil, &all)
	return all, err
}

// Automation returns the state of a schedule or a sensor.
func (c *Client) Automation(ctx context.Context, kind automation.Kind, name string) (status automation.Status, err error) {
	err = c.get(ctx, pathOf(kind, name), nil, &status)
	return status, err
}

// Ticks returns the last ticks of a schedule or a sensor, newest first: limit of them, from 1
// to 1000.
func (c *Client) Ticks(ctx context.Context, kind automation.Kind, name string, limit int) (ticks []automation.TickRecord, err error) {
	err = c.get(ctx, pathOf(kind, name, "ticks"), url.Values{"limit": {strconv.Itoa(limit)}}, &ticks)
	return ticks, err
}

// Switch turns a schedule or a sensor on or off.
func (c *Client) Switch(ctx context.Context, kind automation.Kind, name string, to api.Switch) (status automation.Status, err error) {
	err = c.post(ctx, pathOf(kind, name, "switch"), to, &status)
	return status, err
}

// Reset sets the cursor of a schedule or a sensor, or lets keys make a run again.
func (c *Client) Reset(ctx context.Context, kind automation.Kind, name string, to api.Reset) (status automation.Status, err error) {
	err = c.post(ctx, pathOf(kind, name, "reset"), to, &status)
	return status, err
}

// PreviewTick evaluates a tick of a schedule or a sensor, and launches nothing.
func (c *Client) PreviewTick(ctx context.Context, kind automation.Kind, name string, of api.PreviewRequest) (preview automation.Preview, err error) {
	err = c.post(ctx, pathOf(kind, name, "preview"), of, &preview)
	return preview, err
}

func pathOf(kind automation.Kind, parts ...string) string {
	path := "/" + string(kind) + "s"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}
