package filekey_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers/internal/filekey"
)

func TestPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ asset, partition, want string }{
		{"orders", "", "orders"},
		{"raw/daily_orders-2", "", "raw/daily_orders-2"},
		{"raw/orders", "2026-01-02", "raw/orders/partition=2026-01-02"},
		{"dailyOrders", "EU|2026", "daily!orders/partition=!e!u%7C2026"},
		{"", "", "%"},
		{"/a//b/", "", "%/a/%/b/%"},
		{"..", "../x", "%2E%2E/partition=%2E%2E%2Fx"},
		{"a.json", "", "a%2Ejson"},
		{"ü", "", "%C3%BC"},
		{"con/com1/com/lpt10", "", "%63on/%63om1/com/lpt10"},
		{strings.Repeat("x", 200), "", strings.Repeat("x", 180) + "~/~" + strings.Repeat("x", 20)},
	} {
		if got := filekey.Path(c.asset, c.partition); got != c.want {
			t.Errorf("Path(%q, %q) = %q, want %q", c.asset, c.partition, got, c.want)
		}
	}
}

// FuzzPath checks that a path stays inside, has only safe segments, and gives back its
// keys, so that no two keys share one; all of it also where case is ignored.
func FuzzPath(f *testing.F) {
	f.Add("raw/orders", "2026-01-02")
	f.Add("", "")
	f.Add("a%2Fb", "..")
	f.Add("/Con/~x", "partition=~")
	f.Add(strings.Repeat("Ü", 500), strings.Repeat("a", 181))
	f.Fuzz(func(t *testing.T, asset, partition string) {
		got := filekey.Path(asset, partition)
		if !filepath.IsLocal(got) {
			t.Errorf("%q leaves the folder", got)
		}
		for segment := range strings.SplitSeq(got, "/") {
			if len(segment) == 0 || len(segment) > 200 {
				t.Errorf("segment %q of %q has %d bytes", segment, got, len(segment))
			}
			if i := strings.IndexFunc(segment, unsafe); i >= 0 {
				t.Errorf("segment %q has an unsafe character at %d", segment, i)
			}
		}
		gotAsset, gotPartition, err := parse(strings.ToLower(got))
		if err != nil || gotAsset != asset || gotPartition != partition {
			t.Errorf("%q comes from (%q, %q) and is read as (%q, %q), %v", got, asset, partition, gotAsset, gotPartition, err)
		}
	})
}

func unsafe(r rune) bool {
	return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_!%~=ABCDEF", r)
}

// parse is the inverse of Path.
func parse(path string) (asset, partition string, err error) {
	path = strings.ReplaceAll(path, "~/~", "")
	dir, name, found := strings.Cut(path, "partition=")
	if found {
		if partition, err = unescape(name); err != nil {
			return "", "", err
		}
		path = strings.TrimSuffix(dir, "/")
	}
	segments := strings.Split(path, "/")
	for i := range segments {
		if segments[i], err = unescape(segments[i]); err != nil {
			return "", "", err
		}
	}
	return strings.Join(segments, "/"), partition, nil
}

func unescape(s string) (string, error) {
	if s == "%" {
		return "", nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '!' && i+1 < len(s):
			i++
			b.WriteString(strings.ToUpper(s[i : i+1]))
		case s[i] == '%' && i+2 < len(s):
			c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
			if err != nil {
				return "", err
			}
			b.WriteByte(byte(c))
			i += 2
		case s[i] == '!' || s[i] == '%':
			return "", fmt.Errorf("%q ends in an escape", s)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}
