// Package iotest is the conformance suite that every IOManager passes.
//
//	func TestMyManager(t *testing.T) {
//		iotest.Run(t, func(t *testing.T) iotest.Subject {
//			return iotest.Subject{Manager: NewMyManager(t.TempDir()), Can: iotest.Partitions | iotest.Streams}
//		})
//	}
package iotest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fxrun/fxrun/iomanagers"
)

// Ability is a set of optional abilities of a manager. If a manager lacks an ability, its
// error must match iomanagers.ErrUnsupported. The suite checks this.
type Ability uint

const (
	// Partitions says that the manager keeps the partitions of an asset apart.
	Partitions Ability = 1 << iota
	// Streams says that the manager stores and loads sequences of rows: iter.Seq2[R, error]
	// and iter.Seq2[[]R, error], and rows in any other form than they were stored in.
	Streams
)

// Subject is one fresh manager under test.
type Subject struct {
	// Manager holds nothing yet.
	Manager iomanagers.IOManager
	// Can says what the manager is able to do.
	Can Ability
	// Format is asked for in every Store and Load; "" means the manager's default.
	Format string
	// Value returns the i-th of a series of values, all of one Go type that the manager can
	// store, no two of them equal. The results may share no memory. Nil means Rows.
	Value func(i int) any
	// Unstorable is a value for which Store fails although Check accepts its type. It is best
	// if Store fails in the middle. Nil skips the clause that needs such a value.
	Unstorable any
	// Faulty names values of the clause "a value comes back unchanged or is refused" that the
	// manager is known to change, as the subtests name them. They are skipped.
	Faulty []string
	// Open returns how many files, connections or other things the manager holds open, so
	// that the suite finds what streams do not close. Nil skips this check.
	Open func(t *testing.T) int
	// Reopen returns another manager over what the first has stored, as after a restart of
	// the process; nil says that values don't outlive the manager.
	Reopen func(t *testing.T) iomanagers.IOManager
	// Names lists everything that the manager keeps, such as the paths of all files, so that
	// the suite finds what should have been removed. Nil skips this check.
	Names func(t *testing.T) []string
}

// Run checks every clause of the contract, each as a subtest with a subject of its own.
// newSubject registers its cleanup with the t it is given. The clauses run in parallel
// with each other.
func Run(t *testing.T, newSubject func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range []struct {
		name  string
		check func(*testing.T, Subject)
	}{
		{"load gives what was stored", loadGivesWhatWasStored},
		{"a value comes back unchanged or is refused", wholeOrRefused},
		{"the last store wins", lastStoreWins},
		{"a missing value is not found", missingIsNotFound},
		{"partitions do not touch each other", partitionsAreApart},
		{"awkward keys are kept apart", awkwardKeysAreApart},
		{"the value of another run is never confirmed", otherRunIsNotConfirmed},
		{"a cancelled call changes nothing", cancelledChangesNothing},
		{"a store cancelled at any moment tells the truth", interruptedTellsTheTruth},
		{"a failed store leaves the old value whole", failedStoreChangesNothing},
		{"what is staged is not seen before its commit", stagedIsNotSeen},
		{"a load into another type leaves the destination alone", otherTypeIsRefused},
		{"a value of another type than declared is refused", undeclaredIsRefused},
		{"stored values share no memory with the caller's", storedIsNotAliased},
		{"parallel stores never mix", parallelStoresNeverMix},
		{"metadata tells the rows", metadataTellsRows},
		{"values outlive the manager", valuesOutliveManager},
		{"rows come back in every form", rowsComeInEveryForm},
		{"a stream of a missing value is not found", missingStreamIsNotFound},
		{"a stream that ends half way leaves the old value whole", halfStreamChangesNothing},
		{"the end of the context ends a stream", contextEndsStream},
		{"a stream can be broken off and leaves nothing open", streamsLeaveNothingOpen},
		{"a value can be replaced while it is read", valueCanBeReplacedWhileRead},
		{"metadata tells the rows of streams", metadataTellsRowsOfStreams},
		{"the stored bytes can be asked for", bytesCanBeAskedFor},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSubject(t)
			if s.Manager == nil {
				t.Fatal("the subject has no Manager")
			}
			if s.Value == nil {
				s.Value = func(i int) any { return Rows(i) }
			}
			c.check(t, s)
		})
	}
}

func (s Subject) output(asset, partition string, value any) iomanagers.Output {
	return iomanagers.Output{Asset: asset, Partition: partition, RunID: "run-1", Format: s.Format, Type: reflect.TypeOf(value)}
}

// store stores value. If that fails, the test ends.
func (s Subject) store(t *testing.T, asset, partition string, value any) {
	t.Helper()
	if err := s.Manager.Store(t.Context(), s.output(asset, partition, value), value); err != nil {
		t.Fatalf("Store: %v", err)
	}
}

// load loads a value of the type of like.
func (s Subject) load(ctx context.Context, asset, partition string, like any) (any, error) {
	dst := reflect.New(reflect.TypeOf(like))
	in := iomanagers.Input{Asset: asset, Partition: partition, RunID: "run-2", Format: s.Format, Type: dst.Type().Elem()}
	err := s.Manager.Load(ctx, in, dst.Interface())
	return dst.Elem().Interface(), err
}

// expect reports an error if the stored value is not want.
func (s Subject) expect(t *testing.T, asset, partition string, want any) {
	t.Helper()
	got, err := s.load(t.Context(), asset, partition, want)
	if err != nil {
		t.Errorf("Load: %v", err)
		return
	}
	if diff := diff(want, got); diff != "" {
		t.Errorf("loading %q[%q] gives another value than was stored (-stored +loaded):\n%s", asset, partition, diff)
	}
}

// expectMissing reports if something is stored.
func (s Subject) expectMissing(t *testing.T, asset, partition string) {
	t.Helper()
	if got, err := s.load(t.Context(), asset, partition, s.Value(0)); !errors.Is(err, iomanagers.ErrNotFound) {
		t.Errorf("loading %q[%q], never stored, gives %v and error %v, want iomanagers.ErrNotFound", asset, partition, got, err)
	}
}

// diff says how values differ, "" if they don't. Finding out how takes far longer than
// finding out whether.
func diff(want, got any) string {
	if equal(want, got) {
		return ""
	}
	return cmp.Diff(want, got, equality())
}

// equal tries the fast ways first: most values are rows, and package cmp needs many times as long. Of
// rows that are more or fewer, cmp would also find out which ones.
func equal(want, got any) bool {
	if want, ok := want.([]Row); ok {
		if got, ok := got.([]Row); ok {
			return slices.EqualFunc(want, got, Row.equal)
		}
	}
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	if w.Kind() == reflect.Slice && g.Kind() == reflect.Slice && w.Len() != g.Len() {
		return false
	}
	return reflect.DeepEqual(want, got) || cmp.Equal(want, got, equality())
}

// equality is the contract's: nil and empty are the same, times are instants, NaN is NaN.
func equality() cmp.Options {
	return cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs(), cmp.Exporter(func(reflect.Type) bool { return true })}
}
