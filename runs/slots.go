package runs

import (
	"context"
	"slices"
)

const (
	// maxStoring is how many steps of a run may wait for their values to be stored beside the
	// steps that are executed. A disk stores the values that wait at the same time with fewer
	// flushes. More than this many brought no further gain.
	maxStoring = 32
	// maxStoringBytes is the size of the largest value whose step gives its slot back while the
	// value is stored. What is larger keeps the disk busy by itself, and may keep memory.
	maxStoringBytes = 1 << 20
)

// slot is the right of a step to be executed beside others. A step gives it back while it only
// waits for its value to be stored, so that another step can begin. The nil slot is that of a
// step whose executor bounds the steps in another way. One goroutine uses a slot.
type slot struct {
	asked chan<- slotRequest
	away  bool
}

// slotRequest tells the schedule that a step gives its slot back, or that it wants it again.
type slotRequest struct {
	slot    *slot
	granted chan struct{} // is closed when the step has its slot again; nil gives it back
}

// giveBack lets another step begin. It returns after the schedule knows it.
func (s *slot) giveBack() {
	if s == nil || s.away {
		return
	}
	s.asked <- slotRequest{slot: s}
	s.away = true
}

// take waits until the step has its slot again. If ctx ends before, the step has none, and
// must not execute anything that counts.
func (s *slot) take(ctx context.Context) {
	if s == nil || !s.away || ctx.Err() != nil {
		return
	}
	granted := make(chan struct{})
	s.asked <- slotRequest{slot: s, granted: granted}
	select {
	case <-granted:
		s.away = false
	case <-ctx.Done():
	}
}

// slots bounds how many steps of a run are executed at the same time. Only the goroutine of the
// schedule touches it.
type slots struct {
	parallel int              // the most steps that are executed
	storing  int              // the most steps beside them that have given their slots back
	asked    chan slotRequest // of the steps that are under way

	under     int            // steps that have begun and not ended
	away      map[*slot]bool // of these, those that have given their slots back
	returning []slotRequest  // of these, those that want their slots again, the first that asked first
}

func newSlots(parallel, storing int) *slots {
	return &slots{parallel: max(parallel, 1), storing: storing, asked: make(chan slotRequest), away: make(map[*slot]bool)}
}

// free reports whether another step may begin.
func (s *slots) free() bool { return s.under-min(len(s.away), s.storing) < s.parallel }

// begin counts a step that begins.
func (s *slots) begin() *slot {
	s.under++
	if s.storing == 0 {
		return nil
	}
	return &slot{asked: s.asked}
}

// end counts a step that has ended.
func (s *slots) end(ended *slot) {
	s.under--
	delete(s.away, ended)
	s.returning = slices.DeleteFunc(s.returning, func(r slotRequest) bool { return r.slot == ended })
	s.grant()
}

// serve does what a step asks for, as soon as it is possible.
func (s *slots) serve(request slotRequest) {
	if request.granted == nil {
		s.away[request.slot] = true
	} else {
		s.returning = append(s.returning, request)
	}
	s.grant()
}

// grant gives slots to the steps that want theirs again. They come before those that have not
// begun. A step that has given its slot back beyond the bound of these still counts as one that
// is executed, so that taking it again needs no free slot.
func (s *slots) grant() {
	for len(s.returning) > 0 && (s.free() || len(s.away) > s.storing) {
		delete(s.away, s.returning[0].slot)
		close(s.returning[0].granted)
		s.returning = s.returning[1:]
	}
}
