// Package docs holds the pages for users, which stand beside this file. The
// tests of the package hold the code that the pages quote. The pages are:
//
//   - resources.md: how resources are defined, started, stopped and tested
//   - configuration.md: where the values of config fields come from
//   - coming-from-dagster.md: fxrun for people who know Dagster, term by term
//   - adding-fxrun.md: fxrun in an Fx application that exists already
//   - io-managers.md: where values are stored, and how to write an IO manager
//   - streams.md: assets of more rows than fit into memory
//   - formats.md: which Go types each format keeps, and what files of others need
//   - automation.md: schedules, sensors, and the daemon
//   - pages.md: the web pages, and who may use them
//   - telemetry.md: traces and metrics by OpenTelemetry
//   - performance.md: what fxrun costs, and how to measure it
package docs
