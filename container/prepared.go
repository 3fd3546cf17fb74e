package container

import (
	"context"
	"encoding/json"

	"github.com/fxrun/fxrun/internal/child"
)

// Prepared is a child container that was checked and not yet opened. It holds
// the config that was read, so that what was checked is what starts. It is
// immutable and safe for concurrent use. See [Container.Prepare].
type Prepared child.Prepared

func (p *Prepared) preparation() *child.Prepared { return (*child.Prepared)(p) }

// Preview returns what would start, with the config that was read. Where the
// preparation found faults, fields without a value have the source
// [SourceMissing].
//
// A resource that lives per process and ran already when the child was prepared
// is shown with the config that it was started with.
func (p *Prepared) Preview() Preview { return p.preparation().Preview() }

// LaunchJSON returns the launch config as [Container.LaunchJSON] does, from
// what was read when the child was prepared. Its error is the one of the
// preparation.
func (p *Prepared) LaunchJSON() (json.RawMessage, error) { return p.preparation().LaunchJSON() }

// Mask returns text with the secrets of the child masked: what the [Secret]
// fields of its resources and steps hold, and the passwords in connection strings
// and URLs of their configs. It finds them also as %q, JSON, HTML, URLs, base64 and
// hex write them. Secrets of fewer than five bytes are left, because they are found
// in text that has nothing to do with them, and so is what a constructor got from
// elsewhere. Use it for text that is kept or shown and that others wrote: the error
// of a server may repeat the password that it was sent.
func (p *Prepared) Mask(text string) string { return p.preparation().Mask(text) }

// Open opens the child with exactly the resources and the config that were
// prepared, and neither reads the environment nor checks anything again. It is
// otherwise as [Container.NewChild]. It may be called several times: each child
// gets copies of the config values.
//
// A resource that lives per process and has been started by another child since
// the preparation is used as it runs.
//
// opts are what may differ from child to child: [Info], [Logger] and [Observe].
// All others are refused, because they would change what was checked. Where the
// preparation found faults, Open returns them.
func (p *Prepared) Open(ctx context.Context, opts ...ChildOption) (*Child, error) {
	opened, err := p.preparation().Open(ctx, opts)
	return (*Child)(opened), err
}
