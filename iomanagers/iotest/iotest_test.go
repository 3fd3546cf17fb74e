package iotest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/suitetest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
)

// manager is a MemoryManager with one method changed.
type manager struct {
	iomanagers.MemoryManager
	store func(ctx context.Context, out iomanagers.Output, value any) error
	load  func(ctx context.Context, in iomanagers.Input, dst any) error
}

func (m *manager) Store(ctx context.Context, out iomanagers.Output, value any) error {
	if m.store != nil {
		return m.store(ctx, out, value)
	}
	return m.MemoryManager.Store(ctx, out, value)
}

// Stage hides that of the MemoryManager: a manager here is no iomanagers.Stager.
func (m *manager) Stage() {}

func (m *manager) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	if m.load != nil {
		return m.load(ctx, in, dst)
	}
	return m.MemoryManager.Load(ctx, in, dst)
}

// hasty commits what it should only make ready.
type hasty struct{ *iomanagers.MemoryManager }

type committed struct{ iomanagers.Staged }

func (committed) Commit() error { return nil }

func (hasty) Stages(iomanagers.IOManager) bool { return true }

func (h hasty) Stage(ctx context.Context, out iomanagers.Output, value any) (iomanagers.Staged, error) {
	staged, err := h.MemoryManager.Stage(ctx, out, value)
	if err != nil {
		return nil, err
	}
	return committed{staged}, staged.Commit()
}

type brokenManager struct {
	name, clause string
	subject      func() iotest.Subject
}

// broken are subjects that each break one promise, and the clause that must notice.
var broken = []brokenManager{
	{"stores nothing", "load gives what was stored", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(context.Context, iomanagers.Output, any) error { return nil }}
		})
	}},
	{"checks other types than it stores", "load gives what was stored", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				if _, ok := value.(map[string]int); ok {
					return iomanagers.ErrType
				}
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"cuts times", wholeClause, func() iotest.Subject {
		return changed(func(t time.Time) any { return t.Truncate(time.Microsecond) })
	}},
	{"takes times for those of its zone", wholeClause, func() iotest.Subject {
		return changed(func(t time.Time) any {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		})
	}},
	{"counts nanoseconds from 1970", wholeClause, func() iotest.Subject {
		return changed(func(t time.Time) any { return time.Unix(0, t.UnixNano()) })
	}},
	{"repairs texts", wholeClause, func() iotest.Subject {
		return changed(func(text string) any { return strings.ToValidUTF8(text, "\ufffd") })
	}},
	{"ends texts at a zero byte", wholeClause, func() iotest.Subject {
		return changed(func(text string) any { before, _, _ := strings.Cut(text, "\x00"); return before })
	}},
	{"keeps numbers as floats", wholeClause, func() iotest.Subject {
		return changed(func(n uint64) any { return uint64(float64(n)) })
	}},
	{"keeps NULL for NaN", wholeClause, func() iotest.Subject {
		return changed(func(f float64) any {
			if math.IsNaN(f) {
				return 0.0
			}
			return f
		})
	}},
	{"stores what it cannot load", wholeClause, func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{load: func(ctx context.Context, in iomanagers.Input, dst any) error {
				if in.Type == reflect.TypeFor[uint64]() {
					return iomanagers.ErrType
				}
				return m.Load(ctx, in, dst)
			}}
		})
	}},
	{"takes a pointer to nil for nil", wholeClause, func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				if rows := reflect.ValueOf(value); out.Asset == "rows with pointers to lists" {
					copied := reflect.MakeSlice(rows.Type(), rows.Len(), rows.Len())
					reflect.Copy(copied, rows)
					for i := range rows.Len() {
						if field := copied.Index(i).FieldByName("Value"); !field.IsNil() && field.Elem().IsNil() {
							field.SetZero()
						}
					}
					value = copied.Interface()
				}
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"keeps the first value", "the last store wins", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				err := m.Load(ctx, iomanagers.Input{Asset: out.Asset, Partition: out.Partition}, reflect.New(out.Type).Interface())
				if err == nil {
					return nil
				}
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"shows what is staged", "what is staged is not seen before its commit", func() iotest.Subject {
		return iotest.Subject{Manager: hasty{iomanagers.NewMemory()}, Can: iotest.Partitions | iotest.Streams}
	}},
	{"finds zero where nothing is", "a missing value is not found", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{load: func(ctx context.Context, in iomanagers.Input, dst any) error {
				if err := m.Load(ctx, in, dst); !errors.Is(err, iomanagers.ErrNotFound) {
					return err
				}
				return nil
			}}
		})
	}},
	{"does not say what is missing", "a missing value is not found", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{load: func(ctx context.Context, in iomanagers.Input, dst any) error {
				return errors.Unwrap(m.Load(ctx, in, dst))
			}}
		})
	}},
	{"forgets the partition", "partitions do not touch each other", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return renamed(m, func(asset, partition string) (string, string) { return asset, "" })
		})
	}},
	{"takes partitions for assets", "partitions do not touch each other", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return renamed(m, func(asset, partition string) (string, string) {
				return strings.TrimSuffix(asset+"/"+partition, "/"), ""
			})
		})
	}},
	{"denies that it has partitions", "partitions do not touch each other", func() iotest.Subject {
		s := subject(func(m *iomanagers.MemoryManager) manager { return manager{} })
		s.Can &^= iotest.Partitions
		return s
	}},
	{"confirms the value of any run", "the value of another run is never confirmed", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{load: func(ctx context.Context, in iomanagers.Input, dst any) error {
				if in.Confirm != nil {
					in.Confirm()
				}
				in.MadeBy = ""
				return m.Load(ctx, in, dst)
			}}
		})
	}},
	{"forgets the run of a value", "the value of another run is never confirmed", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				out.RunID = ""
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"ignores case", "awkward keys are kept apart", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return renamed(m, func(asset, partition string) (string, string) {
				return strings.ToLower(asset), strings.ToLower(partition)
			})
		})
	}},
	{"cleans keys", "awkward keys are kept apart", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return renamed(m, func(asset, partition string) (string, string) { return path.Clean(asset), partition })
		})
	}},
	{"does not listen to the context", "a cancelled call changes nothing", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				return m.Store(context.WithoutCancel(ctx), out, value)
			}}
		})
	}},
	{"reports the end of the context although it has stored", "a store cancelled at any moment tells the truth", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				if err := m.Store(ctx, out, value); err != nil {
					return err
				}
				return ctx.Err()
			}}
		})
	}},
	{"succeeds without storing where the context ends", "a store cancelled at any moment tells the truth", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				err := m.Store(ctx, out, value)
				if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
					return nil
				}
				return err
			}}
		})
	}},
	{"is stuck after a cancelled store", "a store cancelled at any moment tells the truth", func() iotest.Subject {
		var stuck atomic.Bool
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				if stuck.Load() {
					return errors.New("database is locked")
				}
				err := m.Store(ctx, out, value)
				stuck.Store(err != nil)
				return err
			}}
		})
	}},
	{"tears down before it builds", "a failed store leaves the old value whole", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				if err := m.Store(ctx, iomanagers.Output{Asset: out.Asset}, "half"); err != nil {
					return err
				}
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"litters", "a failed store leaves the old value whole", func() iotest.Subject {
		s := subject(func(m *iomanagers.MemoryManager) manager { return manager{} })
		calls := 0
		s.Names = func(*testing.T) []string { calls++; return make([]string, calls) }
		return s
	}},
	{"spoils the destination", "a load into another type leaves the destination alone", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{load: func(ctx context.Context, in iomanagers.Input, dst any) error {
				err := m.Load(ctx, in, dst)
				if p := reflect.ValueOf(dst); err != nil && p.Kind() == reflect.Pointer && !p.IsNil() {
					p.Elem().SetZero()
				}
				return err
			}}
		})
	}},
	{"does not look at the type asked for", "a load into another type leaves the destination alone", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{load: func(ctx context.Context, in iomanagers.Input, dst any) error {
				in.Type = nil
				return m.Load(ctx, in, dst)
			}}
		})
	}},
	{"does not look at the declared type", "a value of another type than declared is refused", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				out.Type = nil
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"keeps the caller's memory", "stored values share no memory with the caller's", func() iotest.Subject {
		var kept sync.Map
		return subject(func(*iomanagers.MemoryManager) manager {
			return manager{
				store: func(_ context.Context, out iomanagers.Output, value any) error {
					kept.Store(out.Asset, value)
					return nil
				},
				load: func(_ context.Context, in iomanagers.Input, dst any) error {
					if value, _ := kept.Load(in.Asset); value != nil {
						if target := reflect.ValueOf(dst); target.Kind() == reflect.Pointer && !target.IsNil() && reflect.TypeOf(value).AssignableTo(target.Type().Elem()) {
							target.Elem().Set(reflect.ValueOf(value))
						}
					}
					return nil
				},
			}
		})
	}},
	{"keeps one value for each folder", "parallel stores never mix", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return renamed(m, func(asset, partition string) (string, string) { return path.Dir(asset), partition })
		})
	}},
	{"tells nothing", "metadata tells the rows", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				out.Metadata = nil
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"tells without being asked", "metadata tells the rows", func() iotest.Subject {
		return subject(func(m *iomanagers.MemoryManager) manager {
			return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
				if out.Metadata == nil {
					return errors.New("there is no map")
				}
				return m.Store(ctx, out, value)
			}}
		})
	}},
	{"forgets on restart", "values outlive the manager", func() iotest.Subject {
		s := subject(func(m *iomanagers.MemoryManager) manager { return manager{} })
		s.Reopen = func(*testing.T) iomanagers.IOManager { return iomanagers.NewMemory() }
		return s
	}},
}

const wholeClause = "a value comes back unchanged or is refused"

// changed returns a manager that changes values of type T.
func changed[T any](change func(T) any) iotest.Subject {
	return subject(func(m *iomanagers.MemoryManager) manager {
		return manager{store: func(ctx context.Context, out iomanagers.Output, value any) error {
			if v, ok := value.(T); ok {
				value = change(v)
			}
			return m.Store(ctx, out, value)
		}}
	})
}

// subject returns the subject of a manager that change makes of a sound one.
func subject(change func(sound *iomanagers.MemoryManager) manager) iotest.Subject {
	sound := iomanagers.NewMemory()
	changed := change(sound)
	m := &changed
	if m.store == nil {
		m.store = sound.Store
	}
	if m.load == nil {
		m.load = sound.Load
	}
	return iotest.Subject{Manager: m, Can: iotest.Partitions | iotest.Streams, Unstorable: []any{make(chan int)}}
}

// renamed returns a manager that keeps values under other names than it was told, but
// speaks of those.
func renamed(m *iomanagers.MemoryManager, rename func(asset, partition string) (string, string)) manager {
	return manager{
		store: func(ctx context.Context, out iomanagers.Output, value any) error {
			told := out
			out.Asset, out.Partition = rename(out.Asset, out.Partition)
			if err := m.Store(ctx, out, value); err != nil {
				return fmt.Errorf("storing %v: %w", told, err)
			}
			return nil
		},
		load: func(ctx context.Context, in iomanagers.Input, dst any) error {
			told := in
			in.Asset, in.Partition = rename(in.Asset, in.Partition)
			if err := m.Load(ctx, in, dst); err != nil {
				return fmt.Errorf("loading %v: %w", told, err)
			}
			return nil
		},
	}
}

func TestEachBrokenManagerFailsItsClause(t *testing.T) {
	t.Parallel()
	var subjects []suitetest.Broken
	for _, b := range slices.Concat(broken, brokenStreams()) {
		subjects = append(subjects, suitetest.Broken{Name: b.name, Clause: b.clause, Run: func(t *testing.T) {
			iotest.Run(t, func(t *testing.T) iotest.Subject { suitetest.Only(t, b.clause); return b.subject() })
		}})
	}
	suitetest.EachFails(t, subjects)
}

func TestASoundManagerPasses(t *testing.T) {
	t.Parallel()
	iotest.Run(t, func(*testing.T) iotest.Subject {
		return subject(func(*iomanagers.MemoryManager) manager { return manager{} })
	})
}
