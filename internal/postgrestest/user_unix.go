//go:build unix

package postgrestest

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// asOrdinaryUser makes root's process that of another user: PostgreSQL refuses
// to run as root.
func asOrdinaryUser() *syscall.SysProcAttr {
	uid, gid, ok := ordinaryUser()
	if !ok {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
}

// giveAway makes a file that root has made the server's.
func giveAway(path string) error {
	uid, gid, ok := ordinaryUser()
	if !ok {
		return nil
	}
	return os.Chown(path, uid, gid)
}

func ordinaryUser() (uid, gid int, ok bool) {
	if os.Geteuid() != 0 {
		return 0, 0, false
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ = strconv.Atoi(account.Uid)
		gid, _ = strconv.Atoi(account.Gid)
		return uid, gid, true
	}
	return 65534, 65534, true
}
