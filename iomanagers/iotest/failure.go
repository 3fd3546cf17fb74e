package iotest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

func cancelledChangesNothing(t *testing.T, s Subject) {
	old := s.Value(0)
	s.store(t, "orders", "", old)
	var names []string
	if s.Names != nil {
		names = s.Names(t)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	for _, asset := range []string{"orders", "never stored"} {
		value := s.Value(1)
		out := s.output(asset, "", value)
		out.Metadata = map[string]any{}
		if err := s.Manager.Store(cancelled, out, value); !errors.Is(err, context.Canceled) {
			t.Errorf("a Store with a cancelled context gives error %v, want context.Canceled", err)
		}
		if len(out.Metadata) > 0 {
			t.Errorf("a cancelled Store adds metadata: %v", out.Metadata)
		}
	}
	s.expect(t, "orders", "", old)
	s.expectMissing(t, "never stored", "")
	s.expectNames(t, names)

	s.expectUntouched(t, cancelled, "orders", s.Value(2), context.Canceled)
}

func failedStoreChangesNothing(t *testing.T, s Subject) {
	if s.Unstorable == nil {
		t.Skip("the subject has no value that fails half way")
	}
	if checker, ok := s.Manager.(iomanagers.Checker); ok {
		if err := checker.Check(s.Format, reflect.TypeOf(s.Unstorable)); err != nil {
			t.Fatalf("the subject's Unstorable must pass Check, but: %v", err)
		}
	}
	old := s.Value(0)
	s.store(t, "orders", "", old)
	var names []string
	if s.Names != nil {
		names = s.Names(t)
	}
	for _, asset := range []string{"orders", "never stored"} {
		out := s.output(asset, "", s.Unstorable)
		out.Metadata = map[string]any{}
		err := s.Manager.Store(t.Context(), out, s.Unstorable)
		if err == nil {
			t.Fatalf("storing the subject's Unstorable succeeds")
		}
		if !strings.Contains(err.Error(), asset) {
			t.Errorf("the error %q doesn't name %q", err, asset)
		}
		if len(out.Metadata) > 0 {
			t.Errorf("a failed Store adds metadata: %v", out.Metadata)
		}
	}
	s.expect(t, "orders", "", old)
	s.expectMissing(t, "never stored", "")
	s.expectNames(t, names)
}

// stranger is a type that nothing of what Subject.Value gives can be taken for.
type stranger struct{ Unlike [2]map[string]int }

func otherTypeIsRefused(t *testing.T, s Subject) {
	s.store(t, "orders", "", s.Value(0))
	s.expectUntouched(t, t.Context(), "orders", stranger{Unlike: [2]map[string]int{{"a": 1}, nil}}, iomanagers.ErrType)
	s.expectUntouched(t, t.Context(), "never stored", s.Value(1), iomanagers.ErrNotFound)

	for name, dst := range map[string]any{"nil": nil, "no pointer": 7, "a nil pointer": (*string)(nil)} {
		if err := s.Manager.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: s.Format}, dst); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("a Load into %s gives error %v, want iomanagers.ErrType", name, err)
		}
	}
	asked := iomanagers.Input{Asset: "orders", Format: s.Format, Type: reflect.TypeFor[stranger]()}
	dst := reflect.New(reflect.TypeOf(s.Value(0)))
	if err := s.Manager.Load(t.Context(), asked, dst.Interface()); !errors.Is(err, iomanagers.ErrType) || !dst.Elem().IsZero() {
		t.Errorf("a Load into another type than is asked for gives error %v, want iomanagers.ErrType", err)
	}
}

// expectUntouched reports if a Load into a copy of before does not fail with want, or
// changes it.
func (s Subject) expectUntouched(t *testing.T, ctx context.Context, asset string, before any, want error) {
	t.Helper()
	dst := reflect.New(reflect.TypeOf(before))
	dst.Elem().Set(reflect.ValueOf(before))
	err := s.Manager.Load(ctx, iomanagers.Input{Asset: asset, Format: s.Format, Type: dst.Type().Elem()}, dst.Interface())
	if !errors.Is(err, want) {
		t.Errorf("loading %q into a %T gives error %v, want a match for %q", asset, before, err, want)
	} else if !strings.Contains(err.Error(), asset) {
		t.Errorf("the error %q doesn't name %q", err, asset)
	}
	if diff := diff(before, dst.Elem().Interface()); diff != "" {
		t.Errorf("a Load that failed changed its destination (-before +after):\n%s", diff)
	}
}

func undeclaredIsRefused(t *testing.T, s Subject) {
	old := s.Value(0)
	s.store(t, "orders", "", old)
	for name, value := range map[string]any{"of another type": stranger{}, "nil": nil} {
		if err := s.Manager.Store(t.Context(), s.output("orders", "", old), value); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("storing a value %s than the declared %T gives error %v, want iomanagers.ErrType", name, old, err)
		}
	}
	s.expect(t, "orders", "", old)
}
