package sqlhistory

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
)

// packed is an event as the table of last materializations has it, in one column: events.seq,
// events.time and the bytes of runs.id, each with a space after it, and then runs.id and
// events.fields.
type packed string

// unpack returns the event of an asset. It keeps nothing of the text.
func (p packed) unpack(asset string) (encodedEvent, error) {
	var numbers [3]int64
	rest := string(p)
	for i := range numbers {
		var digits string
		var err error
		digits, rest, _ = strings.Cut(rest, " ")
		if numbers[i], err = strconv.ParseInt(digits, 10, 64); err != nil {
			return encodedEvent{}, fmt.Errorf("the last materialization of %s is damaged: %w", asset, err)
		}
	}
	length := numbers[2]
	if length < 0 || length > int64(len(rest)) {
		return encodedEvent{}, fmt.Errorf("the last materialization of %s is damaged: the ID of its run has %d of %d bytes", asset, len(rest), length)
	}
	return encodedEvent{
		event:  history.Event{RunID: strings.Clone(rest[:length]), Seq: numbers[0], Time: time.UnixMicro(numbers[1]).UTC()},
		kind:   history.TypeAssetMaterialized,
		fields: []byte(rest[length:]),
	}, nil
}
