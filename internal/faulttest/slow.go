//go:build linux

package faulttest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
)

// slow is a codec that takes some time over each value, so that faults meet a value that is half
// written.
type slow struct{ iomanagers.Codec }

func (c slow) Encode(w io.Writer, value any) error {
	var whole bytes.Buffer
	if err := c.Codec.Encode(&whole, value); err != nil {
		return err
	}
	half := whole.Next(rand.IntN(whole.Len()))
	if _, err := w.Write(half); err != nil {
		return err
	}
	time.Sleep(rand.N(20 * time.Millisecond))
	_, err := w.Write(whole.Bytes())
	return err
}
