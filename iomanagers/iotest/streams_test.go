package iotest_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
	"github.com/fxrun/fxrun/rows"
)

type (
	stream  = iter.Seq2[iotest.Row, error]
	batches = iter.Seq2[[]iotest.Row, error]
	chunks  = iter.Seq2[[]byte, error]
	storing = func(ctx context.Context, out iomanagers.Output, value any) error
	loading = func(ctx context.Context, in iomanagers.Input, dst any) error
)

// The clauses that streams have.
const (
	everyForm   = "rows come back in every form"
	missing     = "a stream of a missing value is not found"
	halfWay     = "a stream that ends half way leaves the old value whole"
	contextEnds = "the end of the context ends a stream"
	nothingOpen = "a stream can be broken off and leaves nothing open"
	replaced    = "a value can be replaced while it is read"
	countsRows  = "metadata tells the rows of streams"
	storedBytes = "the stored bytes can be asked for"
)

// brokenStreams are subjects that each break one promise about streams.
func brokenStreams() []brokenManager {
	return []brokenManager{
		{"keeps the beginning of a stream", everyForm, stores(func(store storing) storing {
			return mapping(store, func(s stream) stream { return cut(s, 1000) })
		})},
		{"gives a stream once", everyForm, streams(func(s stream) stream {
			var once sync.Once
			return func(yield func(iotest.Row, error) bool) { once.Do(func() { s(yield) }) }
		})},
		{"uses the memory of batches again", everyForm, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				err := load(ctx, in, dst)
				if loaded, ok := dst.(*batches); ok && err == nil {
					*loaded = inOneMemory(*loaded)
				}
				return err
			}
		})},
		{"knows one form", everyForm, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				if in.Stored != nil && in.Stored != in.Type {
					return iomanagers.ErrType
				}
				return load(ctx, in, dst)
			}
		})},
		{"denies that it has streams", everyForm, func() iotest.Subject {
			s := subject(func(*iomanagers.MemoryManager) manager { return manager{} })
			s.Can &^= iotest.Streams
			return s
		}},

		{"finds out late that nothing is there", missing, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				err := load(ctx, in, dst)
				if loaded, ok := dst.(*stream); ok && err != nil {
					*loaded = func(yield func(iotest.Row, error) bool) { yield(iotest.Row{}, err) }
					return nil
				}
				return err
			}
		})},
		{"gives no rows for nothing", missing, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				err := load(ctx, in, dst)
				if loaded, ok := dst.(*batches); ok && errors.Is(err, iomanagers.ErrNotFound) {
					*loaded = func(func([]iotest.Row, error) bool) {}
					return nil
				}
				return err
			}
		})},
		{"spoils the destination of a stream", missing, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				err := load(ctx, in, dst)
				if loaded, ok := dst.(*stream); ok && err != nil {
					*loaded = func(func(iotest.Row, error) bool) {}
				}
				return err
			}
		})},

		{"keeps what came before the error", halfWay, stores(func(store storing) storing {
			return mapping(store, func(s stream) stream { return cut(s, 1<<30) })
		})},
		{"swallows a panic of the stream", halfWay, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) (err error) {
				defer func() {
					if fault := recover(); fault != nil {
						err = fault.(error)
					}
				}()
				return store(ctx, out, value)
			}
		})},
		{"empties before it fills", halfWay, stores(emptyingFirst)},
		{"does not listen while it reads a stream", halfWay, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) error {
				return store(context.WithoutCancel(ctx), out, value)
			}
		})},
		{"tells the rows of half a stream", halfWay, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) error {
				err := store(ctx, out, value)
				out.AddMetadata("rows", 1)
				return err
			}
		})},
		{"takes nil for no rows", halfWay, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) error {
				if s, ok := value.(stream); ok && s == nil {
					value = stream(func(func(iotest.Row, error) bool) {})
				}
				return store(ctx, out, value)
			}
		})},

		{"reads on when nobody waits", contextEnds, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				return load(context.WithoutCancel(ctx), in, dst)
			}
		})},
		{"ends a stream without a word", contextEnds, streams(func(s stream) stream { return cut(s, 1<<30) })},
		{"says twice that a stream has ended", contextEnds, streams(func(s stream) stream {
			return func(yield func(iotest.Row, error) bool) {
				for row, err := range s {
					if !yield(row, err) || err != nil && !yield(row, err) {
						return
					}
				}
			}
		})},

		{"leaves goroutines", nothingOpen, streams(func(s stream) stream {
			return func(yield func(iotest.Row, error) bool) {
				given := make(chan iotest.Row)
				go func() {
					defer close(given)
					for row := range s {
						given <- row
					}
				}()
				for row := range given {
					if !yield(row, nil) {
						return
					}
				}
			}
		})},
		{"leaves files open", nothingOpen, func() iotest.Subject {
			var open atomic.Int64
			s := streams(func(s stream) stream {
				return func(yield func(iotest.Row, error) bool) {
					open.Add(1)
					for row, err := range s {
						if !yield(row, err) {
							return
						}
					}
					open.Add(-1)
				}
			})()
			s.Open = func(*testing.T) int { return int(open.Load()) }
			return s
		}},
		{"swallows a panic in the loop", nothingOpen, streams(func(s stream) stream {
			return func(yield func(iotest.Row, error) bool) {
				defer func() {
					if fault := recover(); fault != nil {
						panic(errors.New("something else"))
					}
				}()
				s(yield)
			}
		})},
		{"goes on where it was broken off", nothingOpen, streams(func(s stream) stream {
			read := 0
			return func(yield func(iotest.Row, error) bool) {
				i := 0
				for row, err := range s {
					if i++; i <= read/100 {
						continue
					}
					if read++; !yield(row, err) {
						return
					}
				}
			}
		})},

		{"locks while a stream is read", replaced, func() iotest.Subject {
			var readers atomic.Int64
			s := streams(func(s stream) stream {
				return func(yield func(iotest.Row, error) bool) {
					readers.Add(1)
					defer readers.Add(-1)
					s(yield)
				}
			})()
			m := s.Manager.(*manager)
			sound := m.store
			m.store = func(ctx context.Context, out iomanagers.Output, value any) error {
				if err := sound(ctx, out, value); err != nil || readers.Load() > 0 {
					return errors.Join(err, errors.New("the table is locked"))
				}
				return nil
			}
			return s
		}},
		{"empties before it reads", replaced, func() iotest.Subject {
			s := stores(emptyingFirst)()
			m := s.Manager.(*manager)
			load := m.load
			m.load = func(ctx context.Context, in iomanagers.Input, dst any) error {
				loaded, ok := dst.(*stream)
				if !ok {
					return load(ctx, in, dst)
				}
				*loaded = func(yield func(iotest.Row, error) bool) {
					var now stream
					if err := load(ctx, in, &now); err != nil {
						yield(iotest.Row{}, err)
						return
					}
					now(yield)
				}
				return nil
			}
			return s
		}},
		{"reads what is there by then", replaced, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				loaded, ok := dst.(*stream)
				if !ok {
					return load(ctx, in, dst)
				}
				*loaded = func(yield func(iotest.Row, error) bool) {
					for i := 0; ; i++ {
						var now []iotest.Row
						if err := load(ctx, iomanagers.Input{Asset: in.Asset}, &now); err != nil || i >= len(now) || !yield(now[i], nil) {
							return
						}
					}
				}
				return nil
			}
		})},

		{"does not count streams", countsRows, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) error {
				err := store(ctx, out, value)
				if _, ok := value.(stream); ok {
					delete(out.Metadata, "rows")
				}
				return err
			}
		})},
		{"counts batches for rows", countsRows, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) error {
				err := store(ctx, out, value)
				if s, ok := value.(batches); ok && err == nil {
					all, _ := rows.Collect(s)
					out.AddMetadata("rows", len(all))
				}
				return err
			}
		})},
		{"does not count to zero", countsRows, stores(func(store storing) storing {
			return func(ctx context.Context, out iomanagers.Output, value any) error {
				err := store(ctx, out, value)
				if out.Metadata["rows"] == 0 {
					delete(out.Metadata, "rows")
				}
				return err
			}
		})},

		{"gives no bytes and says nothing", storedBytes, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				if _, ok := dst.(*[]byte); ok {
					return nil
				}
				return load(ctx, in, dst)
			}
		})},
		{"gives half of the bytes as chunks", storedBytes, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				switch dst := dst.(type) {
				case *[]byte:
					*dst = []byte("whole")
					return nil
				case *chunks:
					*dst = rows.From([][]byte{[]byte("who")})
					return nil
				}
				return load(ctx, in, dst)
			}
		})},
		{"gives bytes and refuses them", storedBytes, loads(func(load loading) loading {
			return func(ctx context.Context, in iomanagers.Input, dst any) error {
				if whole, ok := dst.(*[]byte); ok {
					*whole = []byte("whole")
				}
				return load(ctx, in, dst)
			}
		})},
	}
}

// stores returns the subject of a manager whose Store is changed.
func stores(change func(store storing) storing) func() iotest.Subject {
	return func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager { return manager{store: change(m.Store)} })
	}
}

// loads returns the subject of a manager whose Load is changed.
func loads(change func(load loading) loading) func() iotest.Subject {
	return func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager { return manager{load: change(m.Load)} })
	}
}

// streams returns the subject of a manager whose loaded streams are changed.
func streams(change func(stream) stream) func() iotest.Subject {
	return loads(func(load loading) loading {
		return func(ctx context.Context, in iomanagers.Input, dst any) error {
			err := load(ctx, in, dst)
			if loaded, ok := dst.(*stream); ok && err == nil {
				*loaded = change(*loaded)
			}
			return err
		}
	})
}

// mapping changes streams before they are stored.
func mapping(store storing, change func(stream) stream) storing {
	return func(ctx context.Context, out iomanagers.Output, value any) error {
		if s, ok := value.(stream); ok && s != nil {
			value = change(s)
		}
		return store(ctx, out, value)
	}
}

// cut ends a stream after n rows, or without a word where it has an error.
func cut(s stream, n int) stream {
	return func(yield func(iotest.Row, error) bool) {
		i := 0
		for row, err := range s {
			if i++; err != nil || i > n || !yield(row, nil) {
				return
			}
		}
	}
}

func inOneMemory(s batches) batches {
	return func(yield func([]iotest.Row, error) bool) {
		var memory []iotest.Row
		for batch, err := range s {
			memory = append(memory[:0], batch...)
			if !yield(memory, err) {
				return
			}
		}
	}
}

func emptyingFirst(store storing) storing {
	return func(ctx context.Context, out iomanagers.Output, value any) error {
		if _, ok := value.(stream); ok {
			if err := store(ctx, iomanagers.Output{Asset: out.Asset}, []iotest.Row{}); err != nil {
				return err
			}
		}
		return store(ctx, out, value)
	}
}
