// Package inspect answers the questions that a person may have about the
// definitions of a program and the history of its runs. The command line writes the
// answers as text and as JSON. The web pages and the API show the same answers.
//
// An [Inspector] is made from a container, an asset graph and a store. Its methods
// return plain data with JSON tags, in which lists are never null: [Asset],
// [AssetDetail], [Job], [Resource], [Launch], [Config], [Run], [Pool], [Variable] and [Picture]. No
// function of the package starts a resource or records an event. The packages that
// the data comes from have already masked the secrets.
//
// An error that the person can correct, such as an unknown key, matches
// container.ErrInvalid.
//
// The package imports container, assets, rows, iomanagers, history and runs. Packages cli
// and server show what this package returns.
package inspect
