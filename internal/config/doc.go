// Package config finds the fields of a config struct, and fills them in.
//
// A [Definition] is a struct in code with options. Its leaf fields are found
// once. It is then resolved for each launch by four layers, lowest first: the
// default tag, the value in code, the environment, the launch. A launch gives a
// [RunConfig], which is read into [LaunchValues]. The result is a [Resolved]
// config, which knows where the value of each field comes from.
//
// All text is read in one way: it becomes the YAML that a file would have for a
// value of the type. A struct in a list or a map is a Definition of its own.
//
// The same leaf fields give the JSON Schema of a run config ([Schema]), its
// template for people ([Template]), the form in which it may be stored
// ([LaunchDocument]), and the environment variables that are read
// ([Variables]).
//
// The package does not know resources, assets or Fx. Package container exports
// its names to users. The tests of package container test this package too,
// through a container, as users do.
package config
