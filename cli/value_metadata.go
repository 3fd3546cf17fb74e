package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/history"
)

// materializationOf is what a materialization says.
func materializationOf(event history.Event) history.AssetMaterialized {
	value, _ := event.Data.(history.AssetMaterialized)
	return value
}

// rowsOf returns how many rows a materialization has; "" if that is not known.
func rowsOf(value history.AssetMaterialized) string {
	if rows, ok := wholeNumber(value.Metadata["rows"]); ok {
		return countText(rows)
	}
	return ""
}

// metadataText is what else is known of a materialization, as name=value: the
// path first, then the rest by name.
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

// isRows reports whether the metadata is what [rowsOf] shows. A function may have
// set it to something that is no count.
func isRows(value history.AssetMaterialized, name string) bool {
	return name == "rows" && rowsOf(value) != ""
}

// isSize reports whether the metadata says what the size says too.
func isSize(value history.AssetMaterialized, name string) bool {
	bytes, ok := wholeNumber(value.Metadata[name])
	return name == "bytes" && ok && bytes == value.Size
}

// sizeOf returns how large a materialization is; "" if that is not known. Its size
// is 0 also if nobody has told it.
func sizeOf(value history.AssetMaterialized) string {
	if value.Size == 0 && isSize(value, "bytes") {
		return "0 B"
	}
	return sizeText(value.Size)
}

// valueText is one value of metadata or of a log line: text bare, the rest as
// JSON.
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
