package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/runs"
)

// LaunchConfig is the run config of a launch. The parts are laid over each other in the
// order of the fields.
type LaunchConfig struct {
	// Config is a run config as JSON.
	Config RunConfig `json:"config,omitzero" jsonschema:"a run config"`
	// ConfigYAML are run configs as texts in YAML. Of several, a later one replaces values
	// of an earlier one.
	ConfigYAML []string `json:"config_yaml,omitempty" jsonschema:"run configs as texts in YAML, of which a later one replaces values of an earlier one"`
	// Set sets single fields.
	Set []Setting `json:"set,omitempty" jsonschema:"single fields, which replace values of all others"`
}

// Setting sets one field of a run config. It has a Text or a YAML.
type Setting struct {
	// Path is the path of the field, as in "resources.warehouse.config.table".
	Path string `json:"path" jsonschema:"as in resources.warehouse.config.table"`
	// Text is the value as text, as the flag --set takes it.
	Text *string `json:"text,omitempty" jsonschema:"the value as text, or a list written as a, b"`
	// YAML is the value in YAML, as the flag --set-yaml takes it.
	YAML *string `json:"yaml,omitempty" jsonschema:"the value in YAML"`
}

// RunConfig is a run config as a JSON object.
type RunConfig struct {
	JSON  json.RawMessage
	start int64
}

// IsZero reports whether there is none.
func (c RunConfig) IsZero() bool { return len(c.JSON) == 0 }

// MarshalJSON returns the object.
func (c RunConfig) MarshalJSON() ([]byte, error) {
	if c.IsZero() {
		return []byte("{}"), nil
	}
	return c.JSON, nil
}

// UnmarshalJSONFrom keeps the object, and where it stands in the text.
func (c *RunConfig) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	value, err := in.ReadValue()
	if err != nil {
		return err
	}
	c.JSON, c.start = slices.Clone([]byte(value)), in.InputOffset()-int64(len(value))
	return nil
}

// place puts the config where it stands in the body, so that the lines and columns of
// faults are those of the body.
func (c *LaunchConfig) place(body []byte) {
	if c.Config.IsZero() {
		return
	}
	before := strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, string(body[:c.Config.start]))
	c.Config.JSON = append([]byte(before), c.Config.JSON...)
}

// config reads the run config. The error has all faults.
func (c LaunchConfig) config() (container.RunConfig, error) {
	var config container.RunConfig
	var faults []error
	texts := c.ConfigYAML
	if !c.Config.IsZero() {
		texts = append([]string{string(c.Config.JSON)}, texts...)
	}
	for _, text := range texts {
		layer, err := container.ParseRunConfig([]byte(text))
		faults = append(faults, fault.Of(err)...)
		config = config.Merge(layer.GivenBy("API"))
	}
	for i, set := range c.Set {
		next, err := set.over(config)
		if err != nil {
			for _, one := range fault.Of(err) {
				faults = append(faults, fmt.Errorf("set[%d]: %w", i, one))
			}
			continue
		}
		config = next
	}
	return config, fault.Join("reading the run config", faults)
}

func (s Setting) over(config container.RunConfig) (container.RunConfig, error) {
	switch {
	case (s.Text == nil) == (s.YAML == nil):
		return config, errors.New("give either text or yaml")
	case s.Text != nil:
		return config.Set(s.Path, *s.Text)
	}
	return config.SetYAML(s.Path, *s.YAML)
}

// longestID is the largest size of an ID that a caller may give a run, in bytes.
const longestID = 200

// LaunchPolicy is what a launch may say of the run as a whole.
type LaunchPolicy struct {
	// ID is the ID of the run. A second launch with the same ID is refused, so a caller who
	// has got no answer can ask again. The default is a new ID.
	ID string `json:"id,omitempty" jsonschema:"the ID of the run, by which a launch that is repeated makes only one run"`
	// Tags are the tags of the run, besides those of the job.
	Tags map[string]string `json:"tags,omitempty"`
	// Priority decides which of several queued runs begins first.
	Priority *int `json:"priority,omitempty" jsonschema:"of runs that wait, the one with the highest number begins first"`
	// Timeout is a duration such as "1h30m". "0s" takes away the timeout of the job.
	Timeout string `json:"timeout,omitempty" jsonschema:"a duration such as 1h30m after which the run has failed; 0s takes away that of the job"`
	// Retries says how often the run is repeated if it fails; RetryWait is the wait before
	// the first repetition, a duration.
	Retries   *int   `json:"retries,omitempty" jsonschema:"how often the run is repeated if it fails"`
	RetryWait string `json:"retry_wait,omitempty" jsonschema:"the wait before the first repetition, a duration such as 30s"`
	// OnCrash is "resume" or "give_up", for the case that the process of the run is killed.
	OnCrash assets.CrashPolicy `json:"on_crash,omitempty" jsonschema:"resume or give_up, if the process of the run is killed"`
	// Queue leaves the run to any process that takes queued runs.
	Queue bool `json:"queue,omitempty" jsonschema:"leave the run to a process that takes queued runs"`
}

// LaunchRequest asks for a run of a job or of a selection of assets.
type LaunchRequest struct {
	Job    string `json:"job,omitempty" jsonschema:"the name of a job"`
	Select string `json:"select,omitempty" jsonschema:"a selection of assets, as in +revenue"`
	LaunchConfig
	LaunchPolicy
}

// RetryRequest asks for a run that repeats another one.
type RetryRequest struct {
	All    bool   `json:"all,omitempty" jsonschema:"repeat all steps, also those that have succeeded"`
	Select string `json:"select,omitempty" jsonschema:"repeat the assets of the run that this selects"`
	LaunchConfig
	LaunchPolicy
}

// Launched is a run that was launched.
type Launched struct {
	Run inspect.RunDetail `json:"run"`
	// Launch is what the run does, with what a person should know about it.
	Launch inspect.Launch `json:"launch"`
}

// apply sets in a request what the policy says. Everything that is wrong is returned.
func (p LaunchPolicy) apply(request *runs.Request) []error {
	var faults []error
	duration := func(name, text string) time.Duration {
		if text == "" {
			return 0
		}
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			faults = append(faults, fmt.Errorf("%s: it must be a duration such as 5s or 1m30s, not %q", name, text))
		}
		return d
	}
	request.ID = p.ID
	if len(p.ID) > longestID || strings.ContainsFunc(p.ID, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		faults = append(faults, fmt.Errorf("id: it must have no spaces and no control characters, and at most %d bytes", longestID))
	}
	if len(p.Tags) > 0 {
		request.Tags = maps.Clone(request.Tags)
		if request.Tags == nil {
			request.Tags = make(map[string]string)
		}
		maps.Copy(request.Tags, p.Tags)
	}
	if p.Priority != nil {
		request.Priority = *p.Priority
	}
	if limit := duration("timeout", p.Timeout); limit > 0 {
		request.Timeout = limit
	} else if p.Timeout != "" {
		request.Timeout = -1
	}
	wait := duration("retry_wait", p.RetryWait)
	switch {
	case p.Retries == nil && p.RetryWait != "":
		faults = append(faults, errors.New("retry_wait needs retries"))
	case p.Retries != nil && *p.Retries < 0:
		faults = append(faults, errors.New("retries cannot be negative"))
	case p.Retries != nil:
		request.RetryRun = &runs.RunRetry{Times: *p.Retries, Wait: wait}
	}
	switch p.OnCrash {
	case "":
	case assets.Resume, assets.GiveUp:
		request.OnCrash = p.OnCrash
	default:
		faults = append(faults, fmt.Errorf("on_crash: it must be %s or %s, not %q", assets.Resume, assets.GiveUp, p.OnCrash))
	}
	return faults
}

// request returns the request of the launcher. The error has everything that can be found
// without it.
func (b LaunchRequest) request() (runs.Request, error) {
	config, err := b.config()
	request := runs.Request{Job: b.Job, Selection: b.Select, Config: config}
	faults := append(fault.Of(err), b.apply(&request)...)
	switch {
	case b.Job != "" && b.Select != "":
		faults = append(faults, errors.New("job and select exclude each other: give one of them"))
	case strings.TrimSpace(b.Job) == "" && strings.TrimSpace(b.Select) == "":
		faults = append(faults, errors.New("give the job or the assets to run, as job or as select"))
	}
	return request, fault.Join(doingOf(err), faults)
}

// doingOf returns what was being done: the reading of the run config, if that is wrong.
func doingOf(err error) string {
	if faults, ok := errors.AsType[*container.Faults](err); ok {
		return faults.Doing
	}
	return "reading the launch"
}

func (a *API) checkLaunch(_ *http.Request, body LaunchRequest) (inspect.Launch, error) {
	request, err := body.request()
	if err != nil {
		return inspect.Launch{}, err
	}
	_, launch, err := a.prepare(request)
	if launch == nil {
		return inspect.Launch{}, err
	}
	return *launch, nil // with the faults
}

// prepare checks a request. The launch is nil if nothing that the request names exists.
func (a *API) prepare(request runs.Request) (*runs.Prepared, *inspect.Launch, error) {
	prepared, err := a.config.Launcher.Prepare(request)
	preview := prepared.Preview()
	warnings := a.inspect.LaunchWarnings(os.Environ(), request, preview)
	if err != nil {
		err = &warnedError{err, warnings}
	}
	if preview.Plan == nil {
		return prepared, nil, err
	}
	launch := inspect.NewLaunch(request, preview, err)
	launch.Warnings = warnings
	return prepared, &launch, err
}

func (a *API) launch(r *http.Request, body LaunchRequest) (Launched, error) {
	request, err := body.request()
	if err != nil {
		return Launched{}, err
	}
	return a.start(r, request, body.Queue, "launch")
}

// start launches a run, or queues it, and writes it into the audit.
func (a *API) start(r *http.Request, request runs.Request, queue bool, action string) (Launched, error) {
	prepared, launch, err := a.prepare(request)
	if err != nil {
		return Launched{}, err
	}
	var id string
	if queue {
		id, err = prepared.Queue(r.Context())
	} else {
		var run *runs.Run
		if run, err = prepared.Start(r.Context()); err == nil {
			id = run.ID()
		}
	}
	if err != nil {
		return Launched{}, err
	}
	attrs := []any{"run", id, "job", launch.Job, "selection", launch.Selection}
	if request.Retry != nil {
		attrs = append(attrs, "of", request.Retry.Of)
	}
	a.audit(r, action, attrs...)
	record, err := history.Find(r.Context(), a.config.Launcher.Store(), id)
	if err != nil {
		return Launched{}, fmt.Errorf("run %s was launched, but cannot be read: %w", id, err)
	}
	return Launched{inspect.DescribeRun(r.Context(), a.config.Launcher, record), *launch}, nil
}

func (a *API) retry(r *http.Request, body RetryRequest) (Launched, error) {
	record, err := a.wholeID(r)
	if err != nil {
		return Launched{}, err
	}
	config, err := body.config()
	if err != nil {
		return Launched{}, err
	}
	request, err := a.config.Launcher.RetryRequest(r.Context(), record.ID, runs.RetryOptions{All: body.All, Selection: body.Select})
	if err != nil {
		return Launched{}, err
	}
	request.Config = request.Config.Merge(config)
	if err := fault.Join("reading the launch", body.apply(&request)); err != nil {
		return Launched{}, err
	}
	return a.start(r, request, body.Queue, "retry")
}
