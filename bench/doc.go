// Package bench measures child containers against other ways of building,
// starting and stopping the same graph of resources. It is a module of its own,
// so that users of fxrun don't download what it is compared with.
//
// A [Contender] is one such way, a [Graph] what it has to build. Every
// constructor does next to nothing and appends one hook with OnStart and OnStop,
// so that what is measured is the wiring alone.
//
//	go test -bench . -benchmem     every benchmark
//	go run ./table                 the tables of docs/performance.md
package bench
