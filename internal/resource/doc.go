// Package resource is what a program declares: resources with their options,
// lifetimes and hooks, as plain data. Nothing is checked against anything else
// here; that is for package graph. What users need of it, package container gives
// out and documents.
package resource
