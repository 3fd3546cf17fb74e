// Package fxoption finds the functions in plain fx.Options, and what the
// functions ask for and give. Fx has no way to look into an option. The types of
// its options are not exported, but most of their fields are, so reflection finds
// the functions. If this package does not know the shape of an option, this is a
// fault, because a new version of Fx may have a new kind of option.
//
// The function Read is in read.go. The file function.go has what one function
// asks for and gives.
package fxoption
