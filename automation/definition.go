package automation

import (
	"errors"
	"fmt"
	"log/slog"
	"path"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/signature"
)

// group is the Fx value group in which a host application gathers definitions. Package
// fxrun reads it.
const group = "fxrun.automation"

// Definition is a [Schedule] or a [Sensor]. It is also an fx.Option, so definitions
// compose with fx.Options and fx.Module.
type Definition interface {
	fx.Option
	definition() *definition
}

// Kind says what a definition is.
type Kind string

// The kinds of definitions.
const (
	KindSchedule Kind = "schedule"
	KindSensor   Kind = "sensor"
)

// Schedule ticks at the times of a cron expression. [NewSchedule] makes it. It is
// immutable.
type Schedule struct {
	fx.Option
	given *definition
}

func (s Schedule) definition() *definition { return s.given }

// Name returns the name of the schedule.
func (s Schedule) Name() string { return s.given.name }

// Sensor ticks in intervals, or for each event of a kind. [NewSensor], [OnMaterialized]
// and [OnRun] make it. It is immutable.
type Sensor struct {
	fx.Option
	given *definition
}

func (s Sensor) definition() *definition { return s.given }

// Name returns the name of the sensor.
func (s Sensor) Name() string { return s.given.name }

// definition holds the arguments of a definition.
type definition struct {
	kind     Kind
	name     string
	position string // file:line of the call

	cron     string // of a schedule
	zone     string
	events   *eventFilter // of a sensor over the history
	target   target       // of requests that name none
	function signature.Func
	called   bool // it has a function
	config   *tickConfig
	settings settings
	faults   []error
}

type tickConfig struct {
	value   any
	options []container.ConfigOption
}

// NewSchedule makes a schedule that ticks at the times of a cron expression: five fields
// (minute, hour, day of the month, month, day of the week), or @hourly, @daily, @weekly,
// @monthly or @yearly. The times are those of UTC, or of the zone that [InZone] names.
// With certain hours, as in 30 2 * * *, a schedule ticks once on every local day, also
// where the clocks change: for a time that they jump over at the moment of the jump, and
// for a time that exists twice at the second one. With every hour, as in 30 * * * *, it
// follows real time.
//
// target says what to run: the name of a job, an assets.Job, an assets.Asset, or a
// selection by assets.Select. It may also be a function as that of [NewSensor], which
// is called at each tick and returns the runs to make.
//
// [New] reports everything that is wrong with the arguments.
func NewSchedule(name, cron string, target any, opts ...Option) Schedule {
	d := define(KindSchedule, name)
	d.cron = cron
	if reflect.TypeOf(target) != nil && reflect.TypeOf(target).Kind() == reflect.Func {
		d.read(target)
	} else {
		d.target = d.targetOf(target)
	}
	d.applyAll(opts)
	schedule := Schedule{given: d}
	schedule.Option = d.option(schedule)
	return schedule
}

// NewSensor makes a sensor: fn is called in intervals of 30 seconds, or as [Every] says.
//
// fn returns the runs to make: a [RunRequest], a pointer to one, a slice of them, an
// iter.Seq2[RunRequest, error], or nothing; and an error as the last result. The
// parameters of fn may be plain, or fields of an fx.In struct. They are resolved by type:
//
//   - the type of a resource, which is started for this tick and stopped after it, or a
//     type of the host application,
//   - the type of the value that was given to [Config],
//   - context.Context, which ends with the time limit of the tick,
//   - *[Tick], which has the cursor, and by which fn sets it or skips the tick,
//   - *slog.Logger, whose lines are kept with the tick.
//
// If fn returns an error or panics, no run is made, and the cursor stays as it was.
//
// [New] reports everything that is wrong with the arguments.
func NewSensor(name string, fn any, opts ...Option) Sensor {
	d := define(KindSensor, name)
	d.read(fn)
	d.applyAll(opts)
	return d.sensor()
}

// OnMaterialized makes a sensor that ticks for each materialization of the given assets,
// in their order, each exactly once. Without keys it ticks for those of all assets. It
// begins with the first materialization after the first start of a daemon that has it.
// fn is as for [NewSensor]. It may also have a parameter of type history.Event, which is
// the materialization, and one of type history.Record, which is its run.
//
// If fn fails, the same event is given to it again, as [Retry] says, and then left out.
func OnMaterialized(name string, keys []string, fn any, opts ...Option) Sensor {
	d := define(KindSensor, name)
	d.events = &eventFilter{assets: keys, kind: history.TypeAssetMaterialized}
	d.read(fn)
	d.applyAll(opts)
	return d.sensor()
}

// OnRun makes a sensor that ticks for each run that ends with one of the statuses, in
// their order, each exactly once. Without statuses it ticks for every end of a run. [OfJob]
// and [OfTag] leave out other runs. Runs that the sensor itself has asked for, and their
// repetitions, never make it tick. Otherwise it is like [OnMaterialized]. With
// history.StatusFailed it is an alert.
func OnRun(name string, statuses []history.Status, fn any, opts ...Option) Sensor {
	d := define(KindSensor, name)
	d.events = &eventFilter{statuses: statuses, kind: history.TypeRunFinished}
	for _, status := range statuses {
		if !status.Finished() {
			d.fault("a run cannot end as %q: the statuses are %q, %q and %q", status, history.StatusSucceeded, history.StatusFailed, history.StatusCancelled)
		}
	}
	d.read(fn)
	d.applyAll(opts)
	return d.sensor()
}

// define begins a definition for the caller of the calling function.
func define(kind Kind, name string) *definition {
	d := &definition{kind: kind, name: name, settings: defaultSettings()}
	if _, file, line, ok := runtime.Caller(2); ok {
		d.position = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	if err := checkName(name); err != nil {
		d.fault("%w", err)
	}
	return d
}

// checkName refuses names that command lines and paths cannot hold.
func checkName(name string) error {
	if name == "" {
		return errors.New("its name is empty")
	}
	if len(name) > 200 {
		return errors.New("its name is longer than 200 bytes")
	}
	for _, r := range name {
		if letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'; !letter && !strings.ContainsRune("_-./", r) {
			return fmt.Errorf("its name %q is not allowed: it may hold letters, digits, _, -, . and /", name)
		}
	}
	return nil
}

func (d *definition) sensor() Sensor {
	sensor := Sensor{given: d}
	sensor.Option = d.option(sensor)
	return sensor
}

func (d *definition) applyAll(opts []Option) {
	for _, opt := range opts {
		if opt == nil {
			d.fault("one of its options is nil")
			continue
		}
		opt.apply(d)
	}
}

func (d *definition) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf(format, args...))
}

// read takes the function apart.
func (d *definition) read(fn any) {
	function, err := signature.Of(fn)
	d.function, d.called = function, true
	switch {
	case errors.Is(err, signature.ErrAnnotated):
		d.fault("its function is wrapped by fx.Annotate, which hides its parameters: give the plain function")
	case err != nil:
		d.fault("its function: %w", err)
	default:
		d.checkResults()
	}
}

func (d *definition) checkResults() {
	results := d.function.Results
	if len(results) > 1 {
		d.fault("%s returns %d values: it returns the runs to make as one value, and an error", d.function.Name, len(results))
		return
	}
	if len(results) == 1 && (results[0].FromStruct() || requestsOf(results[0].Type) == nil) {
		d.fault("%s returns %s: it returns an automation.RunRequest, a pointer to one, a slice or an iter.Seq2 of them, or only an error", d.function.Name, results[0].Type)
	}
}

// String returns the kind, the name and the position of the definition, for errors. It quotes
// a name that is empty or has special characters.
func (d *definition) String() string {
	name := d.name
	if quoted := strconv.Quote(name); quoted != `"`+name+`"` || name == "" {
		name = quoted
	}
	return fmt.Sprintf("%s %s (%s)", d.kind, name, d.position)
}

// journal returns the name of the journal of the definition.
func (d *definition) journal() string { return string(d.kind) + "/" + d.name }

// option makes the definition an fx.Option, which asks a host application for what the
// function takes, where it stands.
func (d *definition) option(given Definition) fx.Option {
	all := host.Definitions{Places: []any{d}}
	for _, param := range d.function.Params {
		switch key := param.Key; {
		case key.Name == "" && key.Type == loggerType:
			all.Asks = append(all.Asks, host.Ask{Key: signature.Key{Type: loggerType}})
		case !d.isOwn(key) && !d.takesConfig(param):
			all.Asks = append(all.Asks, host.Ask{Key: key})
		}
	}
	return host.Option(group, given, all)
}

// takesConfig reports whether a parameter is the config of the definition.
func (d *definition) takesConfig(param signature.Param) bool {
	return d.config != nil && param.Name == "" && param.Group == "" && param.Type == reflect.TypeOf(d.config.value)
}

var (
	loggerType = reflect.TypeFor[*slog.Logger]()
	tickType   = reflect.TypeFor[*Tick]()
	eventType  = reflect.TypeFor[history.Event]()
	recordType = reflect.TypeFor[history.Record]()
)

// isOwn reports whether a parameter is given by the tick itself.
func (d *definition) isOwn(key signature.Key) bool {
	if key.Name != "" || key.Group != "" {
		return false
	}
	switch key.Type {
	case contextType, loggerType, tickType:
		return true
	case eventType, recordType:
		return d.events != nil
	}
	return false
}

// target is what a run request runs: a job, or a selection of assets. The zero target is
// none.
type target struct{ job, selection string }

func (d *definition) targetOf(given any) target {
	switch given := given.(type) {
	case string:
		if given != "" {
			return target{job: given}
		}
	case assets.Job:
		return target{job: given.Name()}
	case assets.Selection:
		if given != "" {
			return target{selection: string(given)}
		}
	case assets.Asset:
		return target{selection: given.Key()}
	}
	d.fault("its target is %#v: give the name of a job, an assets.Job, an assets.Asset, or assets.Select(...)", given)
	return target{}
}

// settings are what options change.
type settings struct {
	description string
	every       time.Duration
	jitter      time.Duration
	timeout     time.Duration
	catchUp     int // how many missed ticks are made up for
	off         bool
	tags        map[string]string
	priority    int
	retries     int
	backoff     func(attempt int) time.Duration
	given       map[string]bool // names of options
}

func defaultSettings() settings {
	return settings{every: 30 * time.Second, jitter: -1, timeout: 5 * time.Minute, catchUp: 1, tags: make(map[string]string), given: make(map[string]bool)}
}
