package historytest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/internal/suitetest"
)

// broken is a good store with methods replaced by bad ones.
type broken struct {
	history.Store
	append func(ctx context.Context, events []history.Event) ([]history.Event, error)
	runs   func(ctx context.Context, query history.RunQuery) ([]history.Record, error)
	events func(ctx context.Context, query history.EventQuery) ([]history.Event, error)
}

func (b broken) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if b.append != nil {
		return b.append(ctx, events)
	}
	return b.Store.Append(ctx, events...)
}

func (b broken) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	if b.runs != nil {
		return b.runs(ctx, query)
	}
	return b.Store.Runs(ctx, query)
}

func (b broken) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	if b.events != nil {
		return b.events(ctx, query)
	}
	return b.Store.Events(ctx, query)
}

func (b broken) Prunable(ctx context.Context, retention history.Retention) ([]history.PrunableRun, error) {
	return b.Store.(history.Pruner).Prunable(ctx, retention)
}

func (b broken) Prune(ctx context.Context, id string) (history.Pruned, error) {
	return b.Store.(history.Pruner).Prune(ctx, id)
}

// swallow makes an append pretend that errors of a kind did not happen.
func swallow(kind error) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
			stored, err := good.Append(ctx, events...)
			if errors.Is(err, kind) {
				return events, nil
			}
			return stored, err
		}}
	}
}

// mangle changes every event on its way in.
func mangle(change func(*history.Event)) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
			events = slices.Clone(events)
			for i := range events {
				change(&events[i])
			}
			return good.Append(ctx, events...)
		}}
	}
}

// askRuns changes every query for runs.
func askRuns(change func(*history.RunQuery)) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
			change(&query)
			return good.Runs(ctx, query)
		}}
	}
}

// askEvents changes every query for events.
func askEvents(change func(*history.EventQuery)) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		return broken{Store: good, events: func(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
			change(&query)
			return good.Events(ctx, query)
		}}
	}
}

// seeRuns changes every record on its way out.
func seeRuns(change func(*history.Record)) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
			records, err := good.Runs(ctx, query)
			for i := range records {
				change(&records[i])
			}
			return records, err
		}}
	}
}

// oneByOne appends what it can and stops at the first error.
func oneByOne(good history.Store) history.Store {
	return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
		var stored []history.Event
		for _, event := range events {
			one, err := good.Append(ctx, event)
			if err != nil {
				return nil, err
			}
			stored = append(stored, one...)
		}
		return stored, nil
	}}
}

// forgetsLeft keeps no resources that were left behind.
func forgetsLeft(record *history.Record) { record.Left = nil }

// forgetsTakers keeps not who may take a queued run, and when.
func forgetsTakers(record *history.Record) { record.Takeable, record.NotBefore = false, time.Time{} }

// allowsAnything stores what a run refuses in the log of another run.
func allowsAnything(good history.Store) history.Store {
	return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
		stored, err := good.Append(ctx, events...)
		if !errors.Is(err, history.ErrTransition) {
			return stored, err
		}
		return good.Append(ctx, history.Event{RunID: "aside " + events[0].RunID, Time: events[0].Time, Data: history.RunQueued{}})
	}}
}

// skipsToTheEnd shows a step whose next attempt is awaited as one that has failed.
func skipsToTheEnd(record *history.Record) {
	for i, step := range record.Steps {
		if step.Status == history.StepStatusPending && step.Attempt > 0 {
			record.Steps[i].Status = history.StepStatusFailed
		}
	}
}

// keepsQueries answers every query for events as it did the first time.
func keepsQueries(good history.Store) history.Store {
	var answers sync.Map
	return broken{Store: good, events: func(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
		answer, err := good.Events(ctx, query)
		first, _ := answers.LoadOrStore(fmt.Sprint(query), answer)
		return first.([]history.Event), err
	}}
}

// ignoresContexts works with ended contexts too.
func ignoresContexts(good history.Store) history.Store {
	return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
		return good.Append(context.WithoutCancel(ctx), events...)
	}}
}

// blamesContexts reports the end of the context although it has stored the events.
func blamesContexts(good history.Store) history.Store {
	return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
		stored, err := good.Append(context.WithoutCancel(ctx), events...)
		if err == nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return stored, err
	}}
}

// pagesByNumber takes Before for the number of runs to leave out, as it was
// when the page was first asked for.
func pagesByNumber(good history.Store) history.Store {
	seen := 0
	return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
		limit := query.Limit
		query.Limit = 0
		if query.Before == "" {
			seen = 0
		}
		query.Before = ""
		records, err := good.Runs(ctx, query)
		records = records[min(seen, len(records)):]
		records = records[:min(limit, len(records))]
		seen += len(records)
		return records, err
	}}
}

// sharesRecords hands the same records to everybody.
func sharesRecords(good history.Store) history.Store {
	var held []history.Record
	return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
		records, err := good.Runs(ctx, query)
		if held == nil {
			held = records
		}
		return held, err
	}}
}

// losesSome drops every tenth append, and nobody hears of it.
func losesSome(good history.Store) history.Store {
	var count atomic.Int64
	return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
		if count.Add(1)%10 == 0 {
			return events, nil
		}
		return good.Append(ctx, events...)
	}}
}

// deaf does not see what was appended after its first look at a run.
func deaf(good history.Store) history.Store {
	var looks sync.Map
	return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
		records, err := good.Runs(ctx, query)
		if query.ID == "" || len(records) == 0 {
			return records, err
		}
		first, _ := looks.LoadOrStore(query.ID, records)
		return first.([]history.Record), err
	}}
}

// forgetsAttempts takes what any attempt says.
func forgetsAttempts(e *history.Event) {
	switch data := e.Data.(type) {
	case history.AssetMaterialized:
		data.Attempt = 0
		e.Data = data
	case history.StepSucceeded:
		data.Attempt = 0
		e.Data = data
	case history.StepCancelled:
		data.Attempt = 0
		e.Data = data
	default: // it has no attempt, or always has one
	}
}

func forgetsMetadata(e *history.Event) {
	if made, ok := e.Data.(history.AssetMaterialized); ok {
		made.Metadata = nil
		e.Data = made
	}
}

// latest is a good store that answers wrongly for many assets.
type latest struct {
	history.Store
	answer func(ctx context.Context, good history.Store, assets []string) (map[string]history.Event, error)
}

func (l latest) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	return l.answer(ctx, l.Store, assets)
}

// firstOfEach answers with the first materialization of each asset.
func firstOfEach(ctx context.Context, good history.Store, assets []string) (map[string]history.Event, error) {
	found := make(map[string]history.Event)
	for _, asset := range assets {
		events, err := good.Events(ctx, history.EventQuery{Asset: asset, Types: []history.EventType{history.TypeAssetMaterialized}})
		if err != nil {
			return nil, err
		}
		if len(events) > 0 && asset != "" {
			found[asset] = events[len(events)-1]
		}
	}
	return found, nil
}

// allOfThem answers with assets that nobody asked for, too.
func allOfThem(ctx context.Context, good history.Store, assets []string) (map[string]history.Event, error) {
	return history.LatestMaterializations(ctx, good, append(assets, "orders"))
}

// journals is a good store that is broken in what it does with journals and feeds.
type journals struct {
	*history.MemoryStore
	change func(*history.Entry)
	single bool // appends entries one by one
	ask    func(*history.EntryQuery)
	prune  func()
	from   func(position int64) int64
	deaf   bool
}

func journaled(breakIt func(*journals)) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		j := &journals{MemoryStore: good.(*history.MemoryStore)}
		breakIt(j)
		return j
	}
}

func (j *journals) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	entries = slices.Clone(entries)
	for i := range entries {
		if j.change != nil {
			j.change(&entries[i])
		}
		if j.single {
			if _, err := j.MemoryStore.AppendEntries(ctx, entries[i]); err != nil {
				return nil, err
			}
		}
	}
	if j.single {
		return entries, nil
	}
	return j.MemoryStore.AppendEntries(ctx, entries...)
}

func (j *journals) Entries(ctx context.Context, query history.EntryQuery) ([]history.Entry, error) {
	if j.ask != nil {
		j.ask(&query)
	}
	return j.MemoryStore.Entries(ctx, query)
}

func (j *journals) PruneEntries(ctx context.Context, before time.Time, kinds []string) (int, error) {
	if j.prune != nil {
		return 0, nil
	}
	return j.MemoryStore.PruneEntries(ctx, before, kinds)
}

func (j *journals) EventsAfter(ctx context.Context, position int64, query history.EventQuery) ([]history.Positioned, int64, error) {
	if j.from != nil {
		position = j.from(position)
	}
	return j.MemoryStore.EventsAfter(ctx, position, query)
}

func (j *journals) Watch() (<-chan struct{}, func()) {
	if j.deaf {
		return make(chan struct{}), func() {}
	}
	return j.MemoryStore.Watch()
}

// failing lists, for every clause, stores that must not pass it.
func failing() map[string][]func(history.Store) history.Store {
	type breaks = []func(history.Store) history.Store
	return map[string]breaks{
		"a log has its events in the order of appending": {
			func(good history.Store) history.Store {
				return broken{Store: good, events: func(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
					events, err := good.Events(ctx, query)
					slices.SortStableFunc(events, func(a, b history.Event) int { return a.Time.Compare(b.Time) })
					return events, err
				}}
			},
		},
		"places are numbered from one in each run": {
			func(good history.Store) history.Store {
				return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
					_, err := good.Append(ctx, events...)
					return events, err // as given, without numbers
				}}
			},
		},
		"every kind of event comes back whole":              {mangle(forgetsMetadata)},
		"appending the same events again changes nothing":   {mangle(func(e *history.Event) { e.Seq = 0 })},
		"another event at a taken place is a conflict":      {swallow(history.ErrConflict)},
		"an event beyond the end of the log is a conflict":  {mangle(func(e *history.Event) { e.Seq = 0 }), swallow(history.ErrConflict)},
		"an append is all or nothing":                       {oneByOne},
		"an event that no log could hold is refused":        {swallow(history.ErrInvalid)},
		"an ended context stores nothing":                   {ignoresContexts},
		"an append cancelled at any moment tells the truth": {blamesContexts},
		"stored events share nothing with the caller":       {sharesRecords},
		"a store that knows its size tells it":              {withoutSize},
		"a record is the sum of its events at every moment": {
			deaf, seeRuns(func(r *history.Record) { r.Error = history.Failure{} }), seeRuns(forgetsLeft), seeRuns(forgetsTakers),
		},
		"in every state, each event is taken or refused as its state machine says": {
			swallow(history.ErrTransition), allowsAnything, seeRuns(skipsToTheEnd),
		},
		"an attempt that is not under way can end nothing and store nothing": {
			swallow(history.ErrTransition), mangle(forgetsAttempts),
		},
		"only a run on a cluster is adopted, while it is starting or running": {
			swallow(history.ErrTransition), seeRuns(func(r *history.Record) { r.Owner = "owner-1" }),
		},
		"of several processes that adopt a run, one does": {
			swallow(history.ErrConflict), mangle(func(e *history.Event) { e.Seq = 0 }),
		},
		"the cluster of a run and the workers of its steps stand in its record": {
			seeRuns(func(r *history.Record) { r.Cluster = history.Cluster{} }),
			seeRuns(func(r *history.Record) { r.Steps[0].Worker = "" }),
			seeRuns(func(r *history.Record) { r.Steps[0].Worker = "worker-1" }),
		},
		"what the status does not allow is refused":         {swallow(history.ErrTransition)},
		"a run that was never queued takes no events":       {swallow(history.ErrNotFound)},
		"a finished run takes nothing but log lines":        {swallow(history.ErrTransition)},
		"a read sees every append that returned":            {deaf, losesSome},
		"pages of runs stay the same while others append":   {pagesByNumber, askRuns(func(q *history.RunQuery) { q.Limit = 0 })},
		"pages of a log go on where the last one ended":     {askEvents(func(q *history.EventQuery) { q.AfterSeq = 0 })},
		"steps are left out where nobody needs them":        {askRuns(func(q *history.RunQuery) { q.OmitSteps = false }), askRuns(func(q *history.RunQuery) { q.OmitSteps = true })},
		"events are found by type":                          {askEvents(func(q *history.EventQuery) { q.Types = nil })},
		"a reopened store has everything and goes on":       {func(history.Store) history.Store { return history.NewMemoryStore() }},
		"two stores see each other's appends at once":       {deaf, keepsQueries},
		"many goroutines on one run make one log":           {losesSome},
		"a refused append leaves those beside it alone":     {oneByOne, losesSome, swallow(history.ErrTransition)},
		"two stores on one run make one log":                {losesSome},
		"of two stores that want one place, one gets it":    {swallow(history.ErrConflict)},
		"a query whose fields don't go together is refused": {askEvents(func(q *history.EventQuery) { *q = history.EventQuery{RunID: q.RunID} }), noChecks},
		"a run that does not exist is not found":            {noChecks},
		"pages of all events stay the same while others append": {
			askEvents(func(q *history.EventQuery) { q.Before = history.Place{} }),
			askEvents(func(q *history.EventQuery) { q.Limit = 0 }),
		},
		"an append without events does nothing": {
			func(good history.Store) history.Store {
				return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
					if len(events) == 0 {
						return nil, errors.New("nothing to append")
					}
					return good.Append(ctx, events...)
				}}
			},
		},
		"the run queued last comes first, whatever the clocks say": {
			func(good history.Store) history.Store {
				return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
					records, err := good.Runs(ctx, query)
					slices.SortFunc(records, func(a, b history.Record) int { return b.Queued.Compare(a.Queued) })
					return records, err
				}}
			},
			askRuns(func(q *history.RunQuery) { q.Limit = 0 }),
		},
		"runs are found by every field of the query": {
			askRuns(func(q *history.RunQuery) { q.ID = "" }),
			askRuns(func(q *history.RunQuery) { q.Job = "" }),
			askRuns(func(q *history.RunQuery) { q.Statuses = nil }),
			askRuns(func(q *history.RunQuery) { q.Tags = nil }),
			askRuns(func(q *history.RunQuery) { q.Before = "" }),
			askRuns(func(q *history.RunQuery) { q.Limit = 0 }),
			askRuns(func(q *history.RunQuery) { // only the first status
				if len(q.Statuses) > 1 {
					q.Statuses = q.Statuses[:1]
				}
			}),
		},
		"runs are found by the beginning of their ID": {
			askRuns(func(q *history.RunQuery) { q.IDPrefix = "" }),
			askRuns(func(q *history.RunQuery) { // the whole ID only
				if q.ID == "" {
					q.ID, q.IDPrefix = q.IDPrefix, ""
				}
			}),
			func(good history.Store) history.Store { // as LIKE does it
				return broken{Store: good, runs: func(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
					prefix := strings.ToLower(query.IDPrefix)
					query.IDPrefix = ""
					records, err := good.Runs(ctx, query)
					return slices.DeleteFunc(records, func(r history.Record) bool { return !strings.HasPrefix(strings.ToLower(r.ID), prefix) }), err
				}}
			},
		},
		"runs are found by the time at which they were queued": {
			askRuns(func(q *history.RunQuery) { q.QueuedFrom = time.Time{} }),
			askRuns(func(q *history.RunQuery) { q.QueuedBefore = time.Time{} }),
			askRuns(func(q *history.RunQuery) { q.QueuedFrom = q.QueuedFrom.Truncate(time.Microsecond) }),
			askRuns(func(q *history.RunQuery) { q.QueuedBefore = q.QueuedBefore.Truncate(time.Microsecond) }),
		},
		"the last materialization of an asset and of a partition is found": {
			askEvents(func(q *history.EventQuery) { q.Asset, q.Partition = "", "" }),
			askEvents(func(q *history.EventQuery) { q.Partition = "" }),
			askEvents(func(q *history.EventQuery) { q.Before = history.Place{} }),
			askEvents(func(q *history.EventQuery) { q.Limit = 0 }),
			func(good history.Store) history.Store { // oldest first
				return broken{Store: good, events: func(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
					events, err := good.Events(ctx, query)
					slices.Reverse(events)
					return events, err
				}}
			},
		},
		"the last materializations of many assets are found at once": {
			func(good history.Store) history.Store { return latest{good, firstOfEach} },
			func(good history.Store) history.Store { return latest{good, allOfThem} },
			askEvents(func(q *history.EventQuery) { q.Limit = 1 }), // of a store without the method
		},
		"entries get the next places of their journals": {
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Journal = "a" } }),
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Time = e.Time.Add(time.Second) } }),
		},
		"an entry is appended once, however often it is given": {
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Seq, e.Claims = 0, nil } }),
		},
		"entries that do not continue their journal are refused, all or none": {
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Seq = 0 } }),
			journaled(func(j *journals) { j.single = true }),
		},
		"entries that no journal can contain are invalid": {
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Claims = nil } }),
			journaled(func(j *journals) { j.single = true }),
		},
		"entries are found by journal, kind and place": {
			journaled(func(j *journals) { j.ask = func(q *history.EntryQuery) { q.Journal = "" } }),
			journaled(func(j *journals) { j.ask = func(q *history.EntryQuery) { q.Kinds = nil } }),
			journaled(func(j *journals) { j.ask = func(q *history.EntryQuery) { q.Last = false } }),
			journaled(func(j *journals) { j.ask = func(q *history.EntryQuery) { q.Limit = 0 } }),
		},
		"a journal gives a key once, until it is released": {
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Claims = nil } }),
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Releases = nil } }),
		},
		"old entries are removed, but the last ones and the keys stay": {
			journaled(func(j *journals) { j.prune = func() {} }),
		},
		"journals stay when the store is opened again": {
			journaled(func(j *journals) { j.ask = func(q *history.EntryQuery) { q.Journal = "none" } }),
		},
		"of many writers at one place one wins": {
			journaled(func(j *journals) { j.change = func(e *history.Entry) { e.Seq = 0 } }),
		},
		"a feed gives every event once, in the order of appending": {
			journaled(func(j *journals) { j.from = func(position int64) int64 { return max(0, position-1) } }),
			journaled(func(j *journals) { j.from = func(position int64) int64 { return position + 1 } }),
		},
		"a feed gives the events of other stores too": {
			journaled(func(j *journals) { j.from = func(int64) int64 { return -1 } }),
		},
		"a watcher is told of appends": {
			journaled(func(j *journals) { j.deaf = true }),
		},
		"progress is in the record and in no log": {
			seeRuns(func(r *history.Record) { r.Steps = nil }),
			func(good history.Store) history.Store { // numbers it
				return broken{Store: good, append: func(ctx context.Context, events []history.Event) ([]history.Event, error) {
					stored, err := good.Append(ctx, events...)
					for i := range stored {
						stored[i].Seq = max(stored[i].Seq, 1)
					}
					return stored, err
				}}
			},
		},
		"progress ends with its attempt": {seeRuns(func(r *history.Record) {
			for i := range r.Steps {
				r.Steps[i].Progress.Rows++
			}
		})},
		"progress that is refused changes nothing":       {oneByOne, swallow(history.ErrInvalid)},
		"another store sees the progress":                {deaf},
		"runs are given up by their age":                 {giveUp(func(r *history.Retention) { r.FinishedBefore = r.FinishedBefore.Add(time.Second) }), giveUp(func(r *history.Retention) { r.Limit = 0 })},
		"runs are given up by their number for each job": {giveUp(func(r *history.Retention) { r.Keep = 0 }), giveUp(func(r *history.Retention) { r.Keep++ })},
		"nothing is left of a run that is removed":       {prunes(leavesRuns)},
		"a run that has not finished is not pruned":      {prunes(swallowsErrors)},
		"the last materialization of each partition is kept": {
			giveUp(func(r *history.Retention) { r.Whole = false }), prunes(leavesRuns),
			seeRuns(func(r *history.Record) { r.Pruned = time.Time{} }),
		},
		"a run that is repeated stays as long as it is needed":                                              {prunes(swallowsErrors), prunes(leavesRuns)},
		"the last materializations follow what is appended":                                                 {answersAsTheFirstTime},
		"the last materializations are those of the events, whatever was appended, pruned and opened again": {answersAsTheFirstTime},
		"what is enqueued is stored in its order":                                                           {enqueuesLate},
		"the last event of all runs is kept":                                                                {prunes(leavesRuns)},
		"the log of a reduced run goes on":                                                                  {mangle(func(e *history.Event) { e.Seq = 0 }), askEvents(func(q *history.EventQuery) { q.AfterSeq = 0 })},
		"what a reduced run has left behind is kept": {prunes(leavesRuns), seeRuns(func(r *history.Record) {
			if !r.Pruned.IsZero() {
				r.Left = nil
			}
		})},
		"pruning any history keeps what is needed of it": {prunes(leavesRuns), giveUp(func(r *history.Retention) { r.Limit = 0 })},
		"another store prunes while events are appended": {losesSome, prunes(leavesRuns)},
		"times are UTC to the microsecond": {
			seeRuns(func(r *history.Record) { r.Queued = r.Queued.In(time.FixedZone("here", 3600)) }),
			seeRuns(func(r *history.Record) { r.Finished = r.Finished.Truncate(time.Second) }),
			mangle(func(e *history.Event) { e.Time = e.Time.Round(time.Millisecond) }),
		},
	}
}

// pruner is a good store that prunes wrongly.
type pruner struct {
	history.Store
	prunable func(ctx context.Context, good history.Pruner, retention history.Retention) ([]history.PrunableRun, error)
	prune    func(ctx context.Context, good history.Pruner, id string) (history.Pruned, error)
}

func (p pruner) Prunable(ctx context.Context, retention history.Retention) ([]history.PrunableRun, error) {
	if p.prunable != nil {
		return p.prunable(ctx, p.Store.(history.Pruner), retention)
	}
	return p.Store.(history.Pruner).Prunable(ctx, retention)
}

func (p pruner) Prune(ctx context.Context, id string) (history.Pruned, error) {
	if p.prune != nil {
		return p.prune(ctx, p.Store.(history.Pruner), id)
	}
	return p.Store.(history.Pruner).Prune(ctx, id)
}

// giveUp changes every question for runs to prune.
func giveUp(change func(*history.Retention)) func(history.Store) history.Store {
	return func(good history.Store) history.Store {
		return pruner{Store: good, prunable: func(ctx context.Context, good history.Pruner, retention history.Retention) ([]history.PrunableRun, error) {
			change(&retention)
			return good.Prunable(ctx, retention)
		}}
	}
}

// prunes prunes in another way.
func prunes(prune func(ctx context.Context, good history.Pruner, id string) (history.Pruned, error)) func(history.Store) history.Store {
	return func(good history.Store) history.Store { return pruner{Store: good, prune: prune} }
}

// leavesRuns says that it has removed the run.
func leavesRuns(context.Context, history.Pruner, string) (history.Pruned, error) {
	return history.Pruned{Removed: true}, nil
}

// answersAsTheFirstTime finds no materialization that comes later.
func answersAsTheFirstTime(good history.Store) history.Store {
	var first map[string]history.Event
	return latest{good, func(ctx context.Context, good history.Store, assets []string) (map[string]history.Event, error) {
		var err error
		if first == nil {
			first, err = history.LatestMaterializations(ctx, good, assets)
		}
		return first, err
	}}
}

// swallowsErrors says nothing of what it does not prune.
func swallowsErrors(ctx context.Context, good history.Pruner, id string) (history.Pruned, error) {
	pruned, _ := good.Prune(ctx, id)
	return pruned, nil
}

// emptyStore says that it takes no place.
type emptyStore struct{ history.Store }

func (emptyStore) Size(context.Context) (int64, error) { return 0, nil }

// unordered is a store that appends what is enqueued only when somebody waits for it.
type unordered struct{ history.Store }

func (u unordered) Enqueue(ctx context.Context, events ...history.Event) (stored func() ([]history.Event, error)) {
	return func() ([]history.Event, error) { return u.Append(ctx, events...) }
}

// enqueuesLate breaks the order of what is enqueued.
func enqueuesLate(good history.Store) history.Store { return unordered{good} }

// withoutSize says that the store takes no place.
func withoutSize(good history.Store) history.Store { return emptyStore{good} }

// noChecks answers where it should refuse.
func noChecks(good history.Store) history.Store {
	return broken{Store: good, events: func(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
		events, _ := good.Events(ctx, query)
		return events, nil
	}}
}

func TestEveryClauseFailsOnABrokenStore(t *testing.T) {
	t.Parallel()
	clauses := make(map[string]historytest.Clause)
	for _, clause := range historytest.Clauses() {
		clauses[clause.Name] = clause
	}
	suitetest.EachClauseFails(t, slices.Collect(maps.Keys(clauses)), failing(),
		func(t *testing.T, clause string, breakIt func(history.Store) history.Store) []string {
			return watch(t.Context(), clauses[clause], breakIt)
		})
}

func TestLatestMaterializationsOfAStoreWithoutTheMethodArePaged(t *testing.T) {
	t.Parallel()
	for _, clause := range historytest.Clauses() {
		if clause.Name != "the last materializations of many assets are found at once" {
			continue
		}
		for _, complaint := range watch(t.Context(), clause, func(good history.Store) history.Store { return broken{Store: good} }) {
			t.Error(complaint)
		}
		return
	}
	t.Error("there is no such clause")
}

func TestEveryClausePassesOnTheReference(t *testing.T) {
	t.Parallel()
	for _, clause := range historytest.Clauses() {
		for _, complaint := range watch(t.Context(), clause, func(good history.Store) history.Store { return good }) {
			t.Errorf("%s: %s", clause.Name, complaint)
		}
	}
}

// watch returns what a clause has to say against a store.
func watch(ctx context.Context, clause historytest.Clause, breakIt func(history.Store) history.Store) []string {
	good := history.NewMemoryStore()
	subject := historytest.Subject{
		Store:   breakIt(good),
		Reopen:  func() history.Store { return breakIt(good) },
		Another: func() history.Store { return breakIt(good) },
	}
	return suitetest.Complaints(ctx, "", func(r *suitetest.Recorder) { clause.Check(r, subject) })
}
