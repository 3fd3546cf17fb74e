package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/quantity"
)

// materializationOf returns the data of a materialization event.
func materializationOf(event history.Event) history.AssetMaterialized {
	value, _ := event.Data.(history.AssetMaterialized)
	return value
}

// rowsOf returns the number of rows of a materialization, or "" if it is not known.
func rowsOf(value history.AssetMaterialized) string {
	if rows, ok := wholeNumber(value.Metadata["rows"]); ok {
		return countText(rows)
	}
	return ""
}

// metadataText returns the other metadata of a materialization in the form
// name=value. The path comes first, and the rest is sorted by name.
func metadataText(value history.AssetMaterialized) string {
	var texts []string
	names := slices.Sorted(maps.Keys(value.Metadata))
	if at := slices.Index(names, "path"); at > 0 {
		names = slices.Insert(slices.Delete(names, at, at+1), 0, "path")
	}
	for _, name := range names {
		if !isRows(value, name) && !isSize(value, name) {
			texts = append(texts, clean(name)+"="+valueText(value.Metadata[name]))
		}
	}
	return strings.Join(texts, " ")
}

// isRows reports whether [rowsOf] shows this metadata. A function may have set the
// metadata rows to a value that is not a count.
func isRows(value history.AssetMaterialized, name string) bool {
	return name == "rows" && rowsOf(value) != ""
}

// isSize reports whether the metadata only repeats the size.
func isSize(value history.AssetMaterialized, name string) bool {
	bytes, ok := wholeNumber(value.Metadata[name])
	return name == "bytes" && ok && bytes == value.Size
}

// sizeOf returns the size of a materialization, or "" if it is not known. A size of
// 0 may also mean that it is not known.
func sizeOf(value history.AssetMaterialized) string {
	if value.Size == 0 && isSize(value, "bytes") {
		return "0 B"
	}
	return quantity.Size(value.Size)
}

// valueText returns a value of metadata or of a log line. Text is returned as it
// is, and all other values as JSON.
func valueText(value any) string {
	switch value := value.(type) {
	case string:
		return clean(value)
	case json.Number:
		return value.String()
	}
	text, err := json.Marshal(value)
	if err != nil {
		return clean(fmt.Sprint(value))
	}
	return clean(string(text))
}
