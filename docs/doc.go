// Package docs holds the pages for users, beside this file, and in its tests
// the code that they quote:
//
//   - coming-from-dagster.md: fxrun for those who know Dagster, term by term
//   - adding-fxrun.md: fxrun in an Fx application that exists already
//   - streams.md: assets of more rows than fit into memory
package docs
