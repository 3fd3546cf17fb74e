package filelocks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// longest is the number of bytes of the longest name that is written out in a file name. File
// systems allow 255.
const longest = 200

// fileName returns the name of the file of a lock. Names of locks that differ have different
// files, also where a file system ignores case.
func fileName(name string) string {
	var escaped strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			escaped.WriteByte(c)
		default:
			fmt.Fprintf(&escaped, "%%%02x", c)
		}
	}
	text := escaped.String()
	if len(text) > longest {
		digest := sha256.Sum256([]byte(name))
		text = text[:longest-65] + "~" + hex.EncodeToString(digest[:])
	}
	return text + ".lock"
}
