// Package container gives Go programs typed resources, and child containers
// that hold them for as long as a run, or a request, takes.
//
// A resource is an ordinary Fx constructor with a key, a config and hooks:
//
//	c, err := container.New(
//		container.Provide("credentials", NewCredentials, container.Config(CredentialsConfig{}, container.FromEnv("CARRIER"))),
//		container.Provide("client", NewClient, container.Config(ClientConfig{URL: "https://api.example"})),
//	)
//
// [New] checks the whole graph and builds nothing. [Container.Invoke] opens a
// child with what a function asks for, calls it once everything has started,
// and tears the child down whatever happens; [Container.NewChild] is the same in
// two steps. Config comes from four layers: defaults, code, environment, launch.
//
// A function that is called again and again, with what a child holds, is a
// [Target]. The steps of a run are targets; with [StepConfig] each has a config
// of its own, by the same layers.
//
// What a child guarantees:
//
//  1. A resource is constructed at most once, and only if something that runs
//     needs it.
//  2. A constructor is called only after everything that it depends on has
//     started. Resources that don't depend on each other start at the same time.
//  3. Teardown is the exact reverse of the order in which starts ended. It runs
//     on success, failure, panic, cancellation and timeout, for everything that
//     started, with a deadline of its own for each resource.
//  4. Every error is kept, and names the resource. A panic is an error.
//  5. Nothing is left behind: no goroutine, no memory, nothing in the parent.
//  6. Any number of children may be open at once.
//  7. Every start and stop can be observed.
//
// # Names
//
// Most programs need few of the names:
//
//   - Defining: [Provide], [Supply], [As], [Describe], [PerProcess], [PerRun],
//     [PerStep], [StartTimeout], [StopTimeout], [StartRetry], [Health], [Around].
//   - Config: [Config], [FromEnv], [AtLaunch], [Fixed], [Secret]; at launch
//     [RunConfig], [Fields], [ParseRunConfig].
//   - Using: [New], [Container.Invoke], [Container.NewChild], [Container.Prepare],
//     [Launch], [Populate], [NeedsResources].
//   - Errors: [Faults] and [ErrInvalid] before anything starts, [ResourceError]
//     and [PanicError] afterwards.
//
// The file container_test.go at the top of the repository is a tour of the API.
//
// The package depends on fx, dig, envconfig and a YAML parser. Of fxrun it
// imports only internal packages. Package containertest starts resources in
// tests. Next: package assets.
package container
