// Package filekey turns keys of assets and partitions into relative file paths.
//
// The paths are safe on every common file system: never outside their folder, never the
// same for two keys, also where case is ignored or letters are normalized, no segment too
// long or reserved, and reversible. Keys of plain lower-case words, as most are, stay
// readable: "raw/orders" is raw/orders, its partition 2026-01-02 is
// raw/orders/partition=2026-01-02.
package filekey

import (
	"path"
	"strings"
)

// longest is the longest segment made, in bytes. With "partition=", an extension and the
// marks of a split it stays below the 255 that file systems allow.
const longest = 180

// Path returns the path for a partition of an asset, with forward slashes and without
// extension; partition "" means the asset itself. Its segments hold no dot, so that
// whatever follows a dot in a file's name is the extension.
//
// The slashes of an asset's key separate folders; the partition is a file in the folder
// named like the asset. Within a segment a to z, 0 to 9, dash and underscore stay; upper
// case is written as "!" and the lower-case letter; every other byte, and the first letter
// of a name reserved by Windows, as "%" and two hexadecimal digits. An empty segment is
// "%". A segment longer than 180 bytes goes on in a folder: each part but the last ends
// with "~", each but the first begins with it.
func Path(asset, partition string) string {
	var segments []string
	for segment := range strings.SplitSeq(asset, "/") {
		segments = append(segments, split(escape(segment))...)
	}
	if partition != "" {
		parts := split(escape(partition))
		parts[0] = "partition=" + parts[0]
		segments = append(segments, parts...)
	}
	return path.Join(segments...)
}

func escape(segment string) string {
	if segment == "" {
		return "%"
	}
	const hex = "0123456789ABCDEF"
	reserved := isReserved(segment)
	var b strings.Builder
	for i := range len(segment) {
		c := segment[i]
		switch {
		case i == 0 && reserved:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_':
			b.WriteByte(c)
		case 'A' <= c && c <= 'Z':
			b.Write([]byte{'!', c - 'A' + 'a'})
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String()
}

// isReserved says that Windows takes the name for a device, whatever the extension.
func isReserved(segment string) bool {
	switch segment {
	case "con", "prn", "aux", "nul":
		return true
	}
	for _, device := range []string{"com", "lpt"} {
		number, found := strings.CutPrefix(segment, device)
		if found && len(number) == 1 && '0' <= number[0] && number[0] <= '9' {
			return true
		}
	}
	return false
}

func split(segment string) []string {
	var parts []string
	for len(segment) > longest {
		parts = append(parts, segment[:longest]+"~")
		segment = "~" + segment[longest:]
	}
	return append(parts, segment)
}
