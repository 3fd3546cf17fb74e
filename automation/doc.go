// Package automation has schedules and sensors, which ask for runs, and the daemon that
// ticks them.
//
// A [Schedule] ticks at the times of a cron expression, and a [Sensor] again and again.
// At each tick a function may be called. Its parameters are resolved by type, as those of
// an asset: resources are started for the tick in a child container of their own, and
// stopped after it. The function returns a [RunRequest] for each run that it wants. A
// sensor made by [OnMaterialized] or [OnRun] ticks for each event of that kind, at once.
//
// [New] checks schedules and sensors against the graphs of resources and assets. A
// [Daemon] ticks them: one daemon for each history, whatever number of processes there
// is. What a tick decides is written into the history before anything is done, so after
// a crash nothing is repeated, and nothing is lost. [Control] turns schedules and sensors
// on and off, and tells what they did.
//
// The package imports container, assets, iomanagers, runs, history, locks and backoff.
// Package fxrun has the daemon as an option for a host application, and package cli as a
// command.
package automation
