package automation

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/cron"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/iomanagers"
)

// Automations are the checked schedules and sensors of a program. It is immutable and safe
// for concurrent use.
type Automations struct {
	container *container.Container
	graph     *assets.Graph
	all       []*automation                       // by kind and name
	storage   func() map[string]*container.Target // what gives the IO manager of a key; nil if runs start none
}

// automation is a definition in the checked graph.
type automation struct {
	*definition
	of     *Automations
	times  cron.Expression // of a schedule
	params []param         // one for each parameter of the function
	wired  *graph.Target   // what the container gives; nil if it gives nothing
}

// param is how a parameter gets its value: from the tick, or from the container, which has
// it at a position among the parameters of the target.
type param struct {
	own bool
	at  int
}

// New checks schedules and sensors against the resources of the container, and against the
// jobs and assets of the graph. It calls no function.
//
// The error is a *container.Faults that lists everything that is wrong: names that are
// given twice, cron expressions and zones that cannot be read, jobs and assets that do not
// exist, parameters that nothing provides, and schedules without a function whose runs lack
// a value that only a launch could give. With an error the Automations are returned
// too, but can be used for nothing.
//
// io is the IO of the launcher that makes the runs (see runs.LauncherConfig), and mostly nil.
// If it is not nil, runs start no IO manager, so they lack no value of one.
func New(c *container.Container, g *assets.Graph, io iomanagers.IOManager, definitions ...Definition) (*Automations, error) {
	all := &Automations{container: c, graph: g, storage: sync.OnceValue(func() map[string]*container.Target {
		if io != nil {
			return nil
		}
		storage, _ := binding.New(c, g) // whose faults the launcher finds
		return storage
	})}
	var faults []error
	var given []*definition
	for _, one := range definitions {
		if one != nil && !slices.Contains(given, one.definition()) {
			given = append(given, one.definition())
		}
	}
	slices.SortStableFunc(given, func(a, b *definition) int { return strings.Compare(a.journal(), b.journal()) })
	for i, d := range given {
		if i > 0 && given[i-1].journal() == d.journal() {
			faults = append(faults, fmt.Errorf("%s %s is defined twice: at %s and at %s", d.kind, d.name, given[i-1].position, d.position))
			continue
		}
		a := &automation{definition: d, of: all}
		for _, err := range a.check() {
			faults = append(faults, fmt.Errorf("%s: %w", d, err))
		}
		all.all = append(all.all, a)
	}
	return all, fault.Join("checking schedules and sensors", faults)
}

// check finds what is wrong with a definition, and completes it.
func (a *automation) check() []error {
	faults := slices.Clone(a.faults)
	if a.kind == KindSchedule {
		faults = append(faults, a.readTimes()...)
	}
	if a.events != nil {
		faults = append(faults, a.checkEvents()...)
	}
	if a.settings.jitter > a.settings.every {
		faults = append(faults, fmt.Errorf("automation.Jitter(%s) is longer than the interval of %s", a.settings.jitter, a.settings.every))
	}
	faults = append(faults, a.checkTarget(a.target)...)
	if len(faults) == 0 && !a.called {
		faults = a.checkLaunch()
	}
	if !a.called && a.config != nil {
		faults = append(faults, fmt.Errorf("it has a config, but no function that takes it"))
	}
	if a.called && len(a.faults) == 0 {
		faults = append(faults, a.wire()...)
	}
	return faults
}

func (a *automation) readTimes() []error {
	zone, err := time.LoadLocation(a.zone) // "" is UTC
	if err != nil || a.zone == "Local" || a.zone == "" && a.settings.given["InZone"] {
		return []error{fmt.Errorf("there is no time zone %q: give a name such as Europe/Berlin", a.zone)}
	}
	a.times, err = cron.Parse(a.cron, zone)
	return fault.Of(err)
}

func (a *automation) checkEvents() []error {
	var faults []error
	for _, key := range a.events.assets {
		if _, _, err := a.of.graph.Asset(key); err != nil {
			faults = append(faults, fault.Of(err)...)
		}
	}
	for _, job := range a.events.jobs {
		if _, err := a.of.graph.Job(job); err != nil {
			faults = append(faults, fault.Of(err)...)
		}
	}
	for _, option := range []string{"Every", "Jitter"} {
		if a.settings.given[option] {
			faults = append(faults, fmt.Errorf("automation.%s is no option of a sensor that ticks for events", option))
		}
	}
	return faults
}

// checkTarget finds out whether a job or a selection exists.
func (a *automation) checkTarget(t target) []error {
	var err error
	if t.job != "" || t.selection != "" {
		var job assets.JobPlan
		job, err = a.of.planOf(t)
		if err == nil && t.selection != "" && len(job.Plan.Steps) == 0 {
			err = fmt.Errorf("its selection %q holds no asset", t.selection)
		}
	}
	if err != nil && t.job != "" && a.of.readsAsSelection(t.job) {
		return []error{fmt.Errorf("there is no job %q: a text names a job, so give a selection of assets as assets.Select(%[1]q)", t.job)}
	}
	return fault.Of(err)
}

// readsAsSelection reports whether a text that names no job was perhaps meant as a selection
// of assets: it selects some, or has a character that only a selection has.
func (a *Automations) readsAsSelection(text string) bool {
	_, err := a.graph.Select(text)
	return err == nil || strings.ContainsAny(text, "+*:(), ")
}

// checkLaunch finds the values that the runs of a schedule without a function lack, since
// only a launch could give them. What the environment lacks may be there later.
func (a *automation) checkLaunch() []error {
	job, err := a.of.planOf(a.target)
	if err != nil {
		return fault.Of(err)
	}
	_, err = a.of.container.Prepare(append(binding.Options(job.Plan, a.of.storage()), container.Launch(job.Config))...)
	var faults []error
	for _, one := range fault.Of(err) {
		if path, lacks := config.LacksLaunch(one); lacks {
			faults = append(faults, fmt.Errorf("its runs would fail: %s: missing: give it in the launch defaults of the job, or by a function that asks for the run", path))
		}
	}
	return faults
}

// planOf returns the steps of a target, and the config of its job.
func (a *Automations) planOf(t target) (assets.JobPlan, error) {
	if t.job != "" {
		return a.graph.Job(t.job)
	}
	plan, err := a.graph.Plan(t.selection)
	return assets.JobPlan{Plan: plan}, err
}

// wire finds out what the parameters of the function are.
func (a *automation) wire() []error {
	a.params = make([]param, len(a.function.Params))
	var asks []signature.Param
	var faults []error
	for i, p := range a.function.Params {
		switch {
		case a.isOwn(p.Key):
			a.params[i] = param{own: true}
			continue
		case p.Type == tickType.Elem():
			faults = append(faults, fmt.Errorf("it needs automation.Tick: take it as *automation.Tick"))
			continue
		case p.Name == "" && p.Group == "" && (p.Type == eventType || p.Type == recordType):
			faults = append(faults, fmt.Errorf("it needs %s, which only automation.OnMaterialized and automation.OnRun give", p.Type))
			continue
		case a.isAsset(p):
			faults = append(faults, fmt.Errorf("it needs %s, which is the type of an asset: a %s gets resources, and no values of assets", p.Type, a.kind))
			continue
		}
		a.params[i] = param{at: len(asks)}
		asks = append(asks, p)
	}
	if len(asks) == 0 && a.config == nil {
		return faults
	}
	options := []graph.TargetOption{graph.StandsAt(a.definition)}
	if a.config != nil {
		options = append(options, container.StepConfig(a.name, a.config.value, a.config.options...), graph.ConfigSection(string(a.kind)+"s"))
	}
	wired, err := a.of.resources().NewTarget(string(a.kind)+" "+a.name, signature.Func{Params: asks}, options)
	if a.wired = wired; wired != nil {
		faults = append(faults, a.checkLaunchFields()...)
	}
	return append(faults, fault.Of(err)...)
}

// checkLaunchFields finds what only a launch can give: a tick is no launch.
func (a *automation) checkLaunchFields() []error {
	var faults []error
	target := (*graph.Target)(a.wired)
	if step := target.Step(); step != nil && step.Config != nil && len(step.Config.RequiredAtLaunch()) > 0 {
		faults = append(faults, fmt.Errorf("its config names %s as given at launch, and a tick has no launch config: give a value in code, or take the environment by container.FromEnv",
			strings.Join(step.Config.RequiredAtLaunch(), ", ")))
	}
	seen := make(map[*graph.Node]bool)
	var visit func(needed []*graph.Node)
	visit = func(needed []*graph.Node) {
		for _, n := range needed {
			if seen[n] || n.IsReplaced() {
				continue
			}
			seen[n] = true
			if n.Config != nil && len(n.Config.RequiredAtLaunch()) > 0 {
				faults = append(faults, fmt.Errorf("it needs resource %s (%s), whose %s each launch must give, and a tick has no launch config: let the run need the resource, and give its config in the automation.RunRequest",
					n.Key, n.Position, strings.Join(n.Config.RequiredAtLaunch(), ", ")))
			}
			visit(n.Needs)
		}
	}
	visit(target.Needs())
	return faults
}

// isAsset reports whether a parameter has the type of an asset, and of nothing that a
// container gives.
func (a *automation) isAsset(p signature.Param) bool {
	if p.Name != "" || p.Group != "" || a.takesConfig(p) || len(a.of.container.Providers(p.Type, "")) > 0 || a.of.resources().HostHas(p.Key, a.definition) {
		return false
	}
	for _, d := range a.of.graph.Assets() {
		if _, output, err := a.of.graph.Asset(d.Key); err == nil && output.Type == p.Type {
			return true
		}
	}
	return false
}

// resources is the graph of the container, as the packages of fxrun know it.
func (a *Automations) resources() *graph.Graph { return (*child.Parent)(a.container).Graph() }

// find returns the definition with a kind and a name.
func (a *Automations) find(kind Kind, name string) (*automation, error) {
	var names []string
	for _, one := range a.all {
		if one.kind != kind {
			continue
		}
		if one.name == name {
			return one, nil
		}
		names = append(names, one.name)
	}
	advice := nearest.Suggestion(name, names)
	if advice == "" {
		advice = existing(kind, names)
	}
	return nil, fault.Join(fmt.Sprintf("choosing a %s", kind), []error{fmt.Errorf("there is no %s %q%s", kind, name, advice)})
}

// existing says which schedules or sensors there are: the first ones, if there are many.
func existing(kind Kind, names []string) string {
	const most = 10
	switch {
	case len(names) == 0:
		return fmt.Sprintf(": no %ss are defined", kind)
	case len(names) > most:
		return fmt.Sprintf(": there are %s, and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return ": there are only " + strings.Join(names, ", ")
}

// Description describes a schedule or a sensor.
type Description struct {
	Kind        Kind   `json:"kind"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Position    string `json:"position"` // file:line of its definition
	// Cron and Zone are those of a schedule, and CatchUp is how many missed ticks it makes
	// up for at most.
	Cron    string `json:"cron,omitempty"`
	Zone    string `json:"zone,omitempty"`
	CatchUp int    `json:"catch_up,omitempty"`
	// Every is the interval of a sensor, or 0 if it ticks for events.
	Every time.Duration `json:"every_ns,omitempty"`
	// On says for which events a sensor ticks, as in "materialized orders".
	On string `json:"on,omitempty"`
	// Job and Selection are what its requests run by default.
	Job       string `json:"job,omitempty"`
	Selection string `json:"selection,omitempty"`
	// Function is the name of its function, or "".
	Function string `json:"function,omitempty"`
	// Resources are the keys of the resources that the function takes.
	Resources    []string `json:"resources,omitempty"`
	OffByDefault bool     `json:"off_by_default,omitempty"`
}

// Descriptions describes all schedules and sensors, sorted by kind and name.
func (a *Automations) Descriptions() []Description {
	descriptions := make([]Description, len(a.all))
	for i, one := range a.all {
		descriptions[i] = one.describe()
	}
	return descriptions
}

func (a *automation) describe() Description {
	d := Description{
		Kind: a.kind, Name: a.name, Description: a.settings.description, Position: a.position,
		Job: a.target.job, Selection: a.target.selection, Function: a.function.Name, OffByDefault: a.settings.off,
	}
	switch {
	case a.kind == KindSchedule:
		d.Cron, d.Zone, d.CatchUp = a.times.String(), a.times.Zone().String(), a.settings.catchUp
	case a.events != nil:
		d.On = a.events.String()
	default:
		d.Every = a.settings.every
	}
	if a.wired != nil {
		d.Resources = a.wired.Resources()
	}
	return d
}

// String says which events the filter is about.
func (f *eventFilter) String() string {
	if f.kind == history.TypeAssetMaterialized {
		if len(f.assets) == 0 {
			return "materialized any asset"
		}
		return "materialized " + strings.Join(f.assets, ", ")
	}
	text := "run ended"
	if len(f.statuses) > 0 {
		statuses := make([]string, len(f.statuses))
		for i, status := range f.statuses {
			statuses[i] = string(status)
		}
		text = "run " + strings.Join(statuses, " or ")
	}
	if len(f.jobs) > 0 {
		text += " of job " + strings.Join(f.jobs, " or ")
	}
	return text
}
