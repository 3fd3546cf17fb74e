// Package prepare checks a launch: which resources a child container needs, in which
// order, and with which config. It builds nothing. Read it in this order: options
// (option.go) make the [Settings] of a child (settings.go), of which a [Preparer]
// makes a [Preparation] (preparation.go, prepare.go). That follows the targets
// (targets.go), reads and checks the fx.Options of the caller (check_options.go,
// option_cycle.go), and finds out what is needed with them (narrow.go): by
// foretell.go, or else by dry_run.go, with the content of the Fx application
// (content.go). untouched.go finds the resources that the application need not build.
// lend.go finds what the options mean for nested children (lending.go), and borrow.go
// what a nested child takes from its parent. resolve.go reads the config, and
// given.go says what of it the launch gives. A [Prepared] (prepared.go) shows the
// outcome, and explain.go the reasons.
package prepare
