package automation

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/container"
)

// Option is an option of a schedule or a sensor.
type Option interface{ apply(*definition) }

type optionFunc func(*definition)

func (f optionFunc) apply(d *definition) { f(d) }

// only returns an option for one kind of definitions.
func only(kind Kind, name string, change func(*definition)) Option {
	return optionFunc(func(d *definition) {
		if d.kind != kind {
			d.fault("automation.%s is an option of a %s", name, kind)
			return
		}
		d.settings.given[name] = true
		change(d)
	})
}

// For says what a [RunRequest] runs that names no job and no selection. what is the name of
// a job, an assets.Job, an assets.Asset, or a selection by assets.Select.
func For(what any) Option {
	return optionFunc(func(d *definition) {
		if d.target != (target{}) {
			d.fault("it has two targets: give one")
		}
		d.target = d.targetOf(what)
	})
}

// InZone names the time zone of a schedule, as in "Europe/Berlin". The default is UTC.
func InZone(name string) Option {
	return only(KindSchedule, "InZone", func(d *definition) { d.zone = name })
}

// Every is the interval in which a sensor ticks: from the end of one tick to the begin of
// the next. The default is 30 seconds, and the least is a tenth of a second. It is no
// option of sensors that tick for events.
func Every(interval time.Duration) Option {
	return only(KindSensor, "Every", func(d *definition) {
		if interval < 100*time.Millisecond {
			d.fault("automation.Every(%s): the least interval is 100ms", interval)
		}
		d.settings.every = interval
	})
}

// Jitter is the time by which each interval of a sensor may be longer or shorter, so that
// many sensors do not tick at the same moment. The default is a tenth of the interval.
func Jitter(most time.Duration) Option {
	return only(KindSensor, "Jitter", func(d *definition) {
		if most < 0 {
			d.fault("automation.Jitter(%s): it must not be negative", most)
		}
		d.settings.jitter = max(0, most)
	})
}

// Timeout limits the time of a tick: to start the resources, to call the function, and to
// go through the sequence that it returns. Then the context of the function ends. A
// function that goes on in spite of it delays no others, and its own next tick waits for
// it. The default is five minutes.
func Timeout(limit time.Duration) Option {
	return optionFunc(func(d *definition) {
		if limit <= 0 {
			d.fault("automation.Timeout(%s): it must be positive", limit)
		}
		d.settings.timeout = limit
	})
}

// CatchUpNone makes a schedule leave out the ticks that no daemon was there for. A tick
// that is no more than a minute late is not left out.
func CatchUpNone() Option {
	return only(KindSchedule, "CatchUpNone", func(d *definition) { d.settings.catchUp = 0 })
}

// CatchUpLatest makes a schedule tick once for all ticks that no daemon was there for, with
// the time of the last of them. This is the default.
func CatchUpLatest() Option {
	return only(KindSchedule, "CatchUpLatest", func(d *definition) { d.settings.catchUp = 1 })
}

// CatchUpAll makes a schedule tick for each tick that no daemon was there for, the oldest
// first, but at most for the last most ones.
func CatchUpAll(most int) Option {
	return only(KindSchedule, "CatchUpAll", func(d *definition) {
		if most < 1 || most > 10_000 {
			d.fault("automation.CatchUpAll(%d): give a number from 1 to 10000", most)
		}
		d.settings.catchUp = most
	})
}

// OffByDefault makes the definition tick only after somebody has turned it on. Without it,
// it ticks until somebody turns it off.
func OffByDefault() Option {
	return optionFunc(func(d *definition) { d.settings.off = true })
}

// Tag puts a tag on the runs that are asked for. A tag of the request has priority.
func Tag(name, value string) Option {
	return optionFunc(func(d *definition) {
		if strings.HasPrefix(name, "fxrun/") || name == "" {
			d.fault("automation.Tag(%q): the name is empty, or begins with fxrun/, as only fxrun's own tags do", name)
		}
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			d.fault("automation.Tag(%q, %q): it is not UTF-8", name, value)
		}
		d.settings.tags[name] = value
	})
}

// Priority is the priority of the runs that are asked for: see runs.Request.
func Priority(priority int) Option {
	return optionFunc(func(d *definition) { d.settings.priority = priority })
}

// Retry gives a tick that fails more attempts. backoff says how long to wait after an
// attempt, which is counted from 1; package backoff has some. A nil backoff waits a
// second. Without Retry, a tick that fails is left to the next one.
func Retry(attempts int, backoff func(attempt int) time.Duration) Option {
	return optionFunc(func(d *definition) {
		if attempts < 0 {
			d.fault("automation.Retry(%d, ...): it must not be negative", attempts)
		}
		d.settings.retries, d.settings.backoff = attempts, backoff
	})
}

// Describe says what the definition is for. The command line shows it.
func Describe(text string) Option {
	return optionFunc(func(d *definition) { d.settings.description = text })
}

// Config gives the function a config. T is a struct, and the function has a parameter of
// this type. It is filled like the config of a resource: from default tags, from value,
// and from the environment (container.FromEnv), which is read at each tick.
func Config[T any](value T, opts ...container.ConfigOption) Option {
	return optionFunc(func(d *definition) {
		if d.config != nil {
			d.fault("automation.Config is given twice: for %s and %T", reflect.TypeOf(d.config.value), value)
			return
		}
		d.config = &tickConfig{value: value, options: opts}
	})
}

// OfJob makes a sensor of [OnRun] tick only for runs of these jobs.
func OfJob(names ...string) Option {
	return only(KindSensor, "OfJob", func(d *definition) {
		if d.events == nil || len(d.events.assets) > 0 {
			d.fault("automation.OfJob is an option of automation.OnRun")
			return
		}
		d.events.jobs = append(slices.Clone(d.events.jobs), names...)
	})
}

// OfTag makes a sensor of [OnRun] tick only for runs with this tag.
func OfTag(name, value string) Option {
	return only(KindSensor, "OfTag", func(d *definition) {
		if d.events == nil || len(d.events.assets) > 0 {
			d.fault("automation.OfTag is an option of automation.OnRun")
			return
		}
		tags := maps.Clone(d.events.tags)
		if tags == nil {
			tags = make(map[string]string)
		}
		tags[name] = value
		d.events.tags = tags
	})
}
