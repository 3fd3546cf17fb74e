//go:build !unix

package postgrestest

import "syscall"

func asOrdinaryUser() *syscall.SysProcAttr { return nil }

func giveAway(string) error { return nil }
