// Package api is the JSON API of fxrun, below the path /api/v1 of a server.
//
// [New] makes the operations from an inspector and a launcher. Package server mounts them
// beside the pages and guards both: without it, the operations let everybody pass. The
// answers are the types of package inspect, which the command line writes with --json. The
// operation GET /api/v1/openapi.json describes all others by OpenAPI 3.1, made from the same
// Go types. An error is a [Problem].
//
// The package imports inspect, runs, automation, history, assets, container and iomanagers.
// Package server/client calls it.
package api
