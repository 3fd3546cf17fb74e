package iomanagers_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// scriptedCodec writes nothing, and does for batch n, from 0, what the script says.
type scriptedCodec struct {
	iomanagers.RowCodec
	script func(n int) error
	sum    *int64 // of the IDs of all rows
	closed *int
}

type scriptedEncoder struct {
	scriptedCodec
	batch int
}

func newScripted(script func(n int) error) scriptedCodec {
	return scriptedCodec{iomanagers.JSONLines().(iomanagers.RowCodec), script, new(int64), new(int)}
}

func (c scriptedCodec) NewRowEncoder(io.Writer, reflect.Type) (iomanagers.RowEncoder, error) {
	return &scriptedEncoder{scriptedCodec: c}, nil
}

func (e *scriptedEncoder) Write(batch any) error {
	err := e.script(e.batch)
	e.batch++
	switch all := batch.(type) {
	case []measurement:
		for _, row := range all {
			*e.sum += row.ID
		}
	case []*measurement:
		for _, row := range all {
			*e.sum += row.ID
		}
	}
	return err
}

func (e *scriptedEncoder) Close() error { *e.closed++; return nil }

// onTwoProcessors makes sure that a goroutine may write, also where there is only one processor.
func onTwoProcessors(t *testing.T) {
	t.Helper()
	before := runtime.GOMAXPROCS(2)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

var errEncoder, errSequence = errors.New("the encoder gives up"), errors.New("the sequence gives up")

func TestBatchesAreWrittenBehindTheSequence(t *testing.T) { // not parallel: it sets GOMAXPROCS
	pointers := func(yield func([]*measurement, error) bool) {
		for batch := range measurements(9000) {
			all := make([]*measurement, len(batch))
			for i := range batch {
				all[i] = &batch[i]
			}
			if !yield(all, nil) {
				return
			}
		}
	}
	for _, c := range []struct {
		name       string
		processors int
		value      any
		want       []int // how many batches the encoder has begun when the sequence is asked for the next one
	}{
		{"flat rows", 2, measurements(9000), []int{1, 2, 2, 3, 4, 5, 6, 7, 8}},
		{"rows behind pointers are written in step", 2, iter.Seq2[[]*measurement, error](pointers), []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"on one processor", 1, measurements(9000), []int{1, 2, 3, 4, 5, 6, 7, 8, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onTwoProcessors(t)
			runtime.GOMAXPROCS(c.processors)
			synctest.Test(t, func(t *testing.T) {
				begun := 0
				hold := make(chan struct{})
				codec := newScripted(func(int) error {
					if begun++; c.processors > 1 && c.want[2] == 2 && begun > 1 {
						<-hold
					}
					return nil
				})
				var seen []int
				note := func() {
					synctest.Wait()
					seen = append(seen, begun)
					if len(seen) >= 3 {
						select {
						case hold <- struct{}{}:
						default:
						}
					}
				}
				var told []int64
				out := iomanagers.Output{Asset: "a", Progress: func(n int64) { told = append(told, n) }}
				store(t, newFiles(t, t.TempDir(), codec), out, noted(c.value, note, hold))
				if !slices.Equal(seen, c.want) || *codec.sum != 9000*8999/2 || *codec.closed != 1 {
					t.Errorf("the encoder has begun %v, want %v; the sum is %d; %d closed", seen, c.want, *codec.sum, *codec.closed)
				}
				if want := []int64{1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000}; !slices.Equal(told, want) {
					t.Errorf("progress is told %v, want %v", told, want)
				}
			})
		})
	}
}

// noted calls note after each batch, and closes hold at the end.
func noted(value any, note func(), hold chan struct{}) any {
	switch batches := value.(type) {
	case iter.Seq2[[]measurement, error]:
		return eachNoted(batches, note, hold)
	case iter.Seq2[[]*measurement, error]:
		return eachNoted(batches, note, hold)
	}
	panic("another type")
}

func eachNoted[T any](batches iter.Seq2[[]T, error], note func(), hold chan struct{}) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		defer close(hold)
		for batch, err := range batches {
			if !yield(batch, err) {
				return
			}
			note()
		}
	}
}

func TestWhatEndsTheWritingOfAStream(t *testing.T) { // not parallel: it sets GOMAXPROCS
	onTwoProcessors(t)
	quits := map[string]func(err error) error{
		"an error": func(err error) error { return err },
		"a panic":  func(err error) error { panic(err) },
		"a Goexit": func(error) error { runtime.Goexit(); return nil },
	}
	for name, quit := range quits {
		for _, at := range []int{0, 1, 2, 6} {
			t.Run(fmt.Sprintf("%s of the encoder at batch %d", name, at), func(t *testing.T) {
				codec := newScripted(func(n int) error {
					if n == at {
						return quit(errEncoder)
					}
					return nil
				})
				m := newFiles(t, t.TempDir(), codec)
				// The sequence fails right behind the batch, and so later than the encoder.
				expectEnd(t, name, errEncoder, m, endingAt(at+1, func() error { return errSequence }))
				if *codec.closed != 1 {
					t.Errorf("%d closed", *codec.closed)
				}
			})
			t.Run(fmt.Sprintf("%s of the sequence at batch %d", name, at), func(t *testing.T) {
				codec := newScripted(func(int) error { return nil })
				m := newFiles(t, t.TempDir(), codec)
				expectEnd(t, name, errSequence, m, endingAt(at, func() error { return quit(errSequence) }))
				if *codec.closed != 1 {
					t.Errorf("%d closed", *codec.closed)
				}
			})
			t.Run(fmt.Sprintf("%s of progress at batch %d", name, at), func(t *testing.T) {
				if name == "an error" {
					t.Skip("progress returns none")
				}
				codec := newScripted(func(int) error { return nil })
				m := newFiles(t, t.TempDir(), codec)
				n := 0
				ended := endOf(func() error {
					return m.Store(t.Context(), iomanagers.Output{Asset: "a", Progress: func(int64) {
						if n++; n > at {
							_ = quit(errSequence)
						}
					}}, measurements(8000))
				})
				if want := wordOf(name, errSequence); ended != want || *codec.closed != 1 {
					t.Errorf("it ends by %s, want %s; %d closed", ended, want, *codec.closed)
				}
			})
		}
	}
}

// endingAt yields n batches, and then what end returns.
func endingAt(n int, end func() error) iter.Seq2[[]measurement, error] {
	return func(yield func([]measurement, error) bool) {
		batch := make([]measurement, 100)
		for range n {
			if !yield(batch, nil) {
				return
			}
		}
		yield(nil, end())
	}
}

func expectEnd(t *testing.T, name string, cause error, m iomanagers.IOManager, value any) {
	t.Helper()
	none := goleak.IgnoreCurrent()
	ended := endOf(func() error { return m.Store(t.Context(), iomanagers.Output{Asset: "a"}, value) })
	if want := wordOf(name, cause); ended != want {
		t.Errorf("it ends by %s, want %s", ended, want)
	}
	goleak.VerifyNone(t, none)
}

func wordOf(name string, cause error) string {
	if name == "a Goexit" {
		return name
	}
	return name + ": " + cause.Error()
}

// endOf calls a function and says how it ends in its goroutine.
func endOf(call func() error) string {
	ended := make(chan string, 1)
	go func() {
		word := "a Goexit"
		defer func() {
			if fault := recover(); fault != nil {
				word = fmt.Sprint("a panic: ", causeOf(fault))
			}
			ended <- word
		}()
		if err := call(); err != nil {
			word = fmt.Sprint("an error: ", causeOf(err))
		} else {
			word = "nothing"
		}
	}()
	return <-ended
}

func causeOf(fault any) any {
	err, ok := fault.(error)
	if !ok {
		return fault
	}
	for _, cause := range []error{errEncoder, errSequence, context.Canceled} {
		if errors.Is(err, cause) {
			return cause
		}
	}
	return err
}

func TestAStreamMayUseTheMemoryOfItsBatchesAgain(t *testing.T) { // not parallel: it sets GOMAXPROCS
	onTwoProcessors(t)
	for _, format := range []string{"csv", "jsonl"} {
		m := newFiles(t, t.TempDir())
		out := iomanagers.Output{Asset: "a", Format: format}
		store(t, m, out, measurements(50_000))
		var got []measurement
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "a", Format: format}, &got); err != nil {
			t.Fatal(err)
		}
		want, err := rows.Collect(rows.Each(measurements(50_000)))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: other rows come back, %v", format, err)
		}
	}
}
