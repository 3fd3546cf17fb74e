// Package inspect is the read model: what a person may ask about the
// definitions of a program and about the history of its runs. The command line
// writes it as text and as JSON; pages and an API can stand on the same.
//
// An [Inspector] is made from a container, an asset graph and a store. Its
// methods return plain data with JSON tags, in which lists are never null:
// [Asset], [AssetDetail], [Job], [Resource], [Launch], [Config], [Run] and
// [Picture]. Nothing here starts a resource or records an event. Secrets are
// masked where the data comes from.
//
// An error that the person can mend, as an unknown key, matches
// container.ErrInvalid.
//
// The package imports container, assets, iomanagers and runs. Next: package
// cli, which shows what is read here.
package inspect
