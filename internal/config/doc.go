// Package config takes a config struct apart and fills it in.
//
// A [Definition] is a struct in code with options. It is taken apart once, into
// its leaf fields, and is then resolved for each launch by four layers, lowest
// first: the default tag, the value in code, the environment, the launch. What
// a launch gives is a [RunConfig], read into [LaunchValues]. The result is a
// [Resolved] config, which knows where each field's value comes from.
//
// Text, wherever it comes from, is read in one way: it becomes the YAML that a
// file would have for a value of that type. A struct in a list or a map is a
// Definition of its own.
//
// From the same leaves come the JSON Schema of a run config ([Schema]), its
// template for people ([Template]), the form in which it may be stored
// ([LaunchDocument]), and the environment variables that are read
// ([Variables]).
//
// The package knows nothing of resources, assets or Fx. Package container gives
// its names to users, and its tests, which go through a container as users do,
// hold this package too.
package config
