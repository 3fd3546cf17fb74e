// Package fxoption reads what plain fx.Options hold: which functions, what they
// ask for and what they give. Fx itself lets nobody look into an option. The
// types of its options are not exported, but most of their fields are, so that
// reflection finds the functions. An option of a shape that this package does not
// know is a fault, and never passed over: Fx could have got a new kind of option.
//
// Read is in read.go. What one function asks for and gives is in function.go.
package fxoption
