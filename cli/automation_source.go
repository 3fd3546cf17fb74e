package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/server/api"
	"github.com/fxrun/fxrun/server/client"
)

// automationSource is what reads and changes schedules and sensors: the history of this
// program, or a server.
type automationSource interface {
	All(context.Context, automation.Kind) ([]automation.Status, error)
	Status(context.Context, automation.Kind, string) (automation.Status, error)
	Ticks(ctx context.Context, kind automation.Kind, name string, limit int) ([]automation.TickRecord, error)
	Switch(ctx context.Context, kind automation.Kind, name string, on bool, options automation.SwitchOptions) error
	Reset(context.Context, automation.Kind, string, automation.Reset) error
}

// remoteAutomations are the schedules and sensors of a server.
type remoteAutomations struct{ *client.Client }

func (r remoteAutomations) All(ctx context.Context, kind automation.Kind) ([]automation.Status, error) {
	return r.Automations(ctx, kind)
}

func (r remoteAutomations) Status(ctx context.Context, kind automation.Kind, name string) (automation.Status, error) {
	return r.Automation(ctx, kind, name)
}

// mostTicks is how many ticks a server tells at once.
const mostTicks = 1000

func (r remoteAutomations) Ticks(ctx context.Context, kind automation.Kind, name string, limit int) ([]automation.TickRecord, error) {
	if limit == 0 || limit > mostTicks {
		return nil, invalid("reading the flags", "--ticks %d: a server tells at most the last %d ticks", limit, mostTicks)
	}
	return r.Client.Ticks(ctx, kind, name, limit)
}

func (r remoteAutomations) Switch(ctx context.Context, kind automation.Kind, name string, on bool, options automation.SwitchOptions) error {
	_, err := r.Client.Switch(ctx, kind, name, api.Switch{On: &on, CatchUp: options.CatchUp})
	return err
}

func (r remoteAutomations) Reset(ctx context.Context, kind automation.Kind, name string, reset automation.Reset) error {
	_, err := r.Client.Reset(ctx, kind, name, api.Reset{Cursor: reset.Cursor, Keys: reset.Keys})
	return err
}

// controlling calls do with what reads and changes schedules and sensors.
func (p program) controlling(cmd *cobra.Command, do func(context.Context, automationSource) error) error {
	return p.readingOr(cmd, func(ctx context.Context, r *remote) error {
		return do(ctx, remoteAutomations{r.Client})
	}, func(ctx context.Context, s *session) error {
		control, err := automation.NewControl(s.automations, s.history())
		if err != nil {
			return err
		}
		return do(ctx, control)
	})
}

// previewTick has a server evaluate a tick.
func (r *remote) previewTick(ctx context.Context, kind automation.Kind, name string, occasion automation.Occasion) (automation.Preview, error) {
	request := api.PreviewRequest{Cursor: occasion.Cursor}
	if !occasion.Scheduled.IsZero() {
		request.At = occasion.Scheduled.Format(time.RFC3339)
	}
	return r.PreviewTick(ctx, kind, name, request)
}
