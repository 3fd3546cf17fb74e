package bench

import (
	"context"
	"strconv"
	"sync/atomic"

	"github.com/samber/do/v2"
	"go.uber.org/fx"
)

func newDoOfNeeded(g Graph, use *Use) (func(context.Context) error, error) {
	return newDo(g, g.Needed, use), nil
}

func newDoOfAll(g Graph, use *Use) (func(context.Context) error, error) {
	return newDo(g, g.Declared, use), nil
}

// service is a resource of do, which finds what a service can do by its
// methods. do has no start hooks.
type service struct {
	plain
	hook fx.Hook
}

// Shutdown is do.ShutdownerWithContextAndError.
func (s *service) Shutdown(ctx context.Context) error { return s.hook.OnStop(ctx) }

// newDo declares the first n resources in a new scope of one injector for each
// run, and shuts the scope down. Services go by name. The injector keeps every
// scope, which is why each has a name of its own.
func newDo(g Graph, n int, use *Use) func(context.Context) error {
	declarations := make([]func(do.Injector), n)
	for i := range declarations {
		declarations[i] = do.LazyNamed(key(i), newService(g, i, use.Hook))
	}
	declared, asked := do.Package(declarations...), names(g.asked())
	injector := do.New()
	var scopes atomic.Int64
	return func(ctx context.Context) error {
		scope := injector.Scope(strconv.FormatInt(scopes.Add(1), 10), declared)
		size, err := sizeOfServices(scope, asked)
		if err != nil {
			return err
		}
		use.answer(size)
		if report := scope.ShutdownWithContext(ctx); !report.Succeed {
			return report
		}
		return nil
	}
}

func newService(g Graph, i int, hook fx.Hook) do.Provider[*service] {
	needs := names(g.needs(i))
	return func(injector do.Injector) (*service, error) {
		size, err := sizeOfServices(injector, needs)
		return &service{plain{size + 1}, hook}, err
	}
}

func sizeOfServices(injector do.Injector, names []string) (int, error) {
	size := 0
	for _, name := range names {
		s, err := do.InvokeNamed[*service](injector, name)
		if err != nil {
			return 0, err
		}
		size += s.size
	}
	return size, nil
}

func names(numbers []int) []string {
	names := make([]string, len(numbers))
	for at, i := range numbers {
		names[at] = key(i)
	}
	return names
}
