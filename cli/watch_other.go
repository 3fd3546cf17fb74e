//go:build !unix

package cli

import "os/exec"

// apart does nothing where --watch is refused.
func apart(*exec.Cmd) {}

func keepToItself(int) {}
