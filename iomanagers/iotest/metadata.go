package iotest

import (
	"reflect"
	"testing"
)

func metadataTellsRows(t *testing.T, s Subject) {
	value := s.Value(4)
	out := s.output("orders", "", value)
	out.Metadata = nil
	if err := s.Manager.Store(t.Context(), out, value); err != nil {
		t.Fatalf("Store without a metadata map: %v", err)
	}

	out.Metadata = map[string]any{"owner": "the asset"}
	if err := s.Manager.Store(t.Context(), out, value); err != nil {
		t.Fatalf("Store: %v", err)
	}
	if out.Metadata["owner"] != "the asset" {
		t.Errorf("metadata that was there before is %v now", out.Metadata["owner"])
	}
	v := reflect.ValueOf(value)
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 && out.Metadata["rows"] != v.Len() {
		t.Errorf("metadata has rows %#v, want the int %d", out.Metadata["rows"], v.Len())
	}
}
