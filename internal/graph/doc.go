// Package graph is what was declared, checked: each resource and each target with
// what answers its parameters, in the order of starting, and what a launch config
// may say of them. It builds nothing and reads no environment, but to describe
// config. Package child opens child containers of it.
package graph
