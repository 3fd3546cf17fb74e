package runs

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"github.com/fxrun/fxrun/locks"
)

// owner is a launcher, as its runs name it.
type owner struct {
	// name is unique for each launcher, by the random text at its end. The name of the
	// host and the number of the process are for people.
	name string
	// place is where the launcher took its lock. That nobody holds the lock says
	// something in this place only.
	place string
}

func newOwnerName() string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	host = strings.NewReplacer("/", "_", "@", "_").Replace(host)
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), strings.ToLower(rand.Text()[:12]))
}

func (o owner) String() string { return o.name + "@" + o.place }

func (o owner) lockName() string { return "owner/" + o.name }

// parseOwner takes the name of an owner apart. It returns false for the name of
// anything else.
func parseOwner(text string) (owner, bool) {
	name, place, ok := strings.Cut(text, "@")
	parts := strings.Split(name, "/")
	return owner{name, place}, ok && len(parts) == 3 && parts[2] != ""
}

// placeOf returns the place of a locker, or "" if the locker does not know it.
func placeOf(ctx context.Context, locker locks.Locker) (string, error) {
	if placed, ok := locker.(locks.Placed); ok {
		return placed.Place(ctx)
	}
	return "", nil
}
