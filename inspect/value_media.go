package inspect

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// LargestMedia is the largest image or HTML text that [Inspector.MediaValue] returns, in
// bytes.
const LargestMedia = 16 << 20

// ErrNoMedia is matched by the error for a value that is no image and no HTML, or that is
// too large to be shown as such.
var ErrNoMedia = errors.New("the value is no image and no HTML")

// MediaValue loads the stored value of an asset whose type is text or bytes, and which is
// an image or HTML. It returns the value and its media type. An image.Image is returned as a
// PNG, with fewer pixels if it has more than 1.5 million. Whoever shows HTML must keep
// its scripts from running. The error for other values matches [ErrNoMedia]; the others are
// those of runs.Launcher.Read.
func (i *Inspector) MediaValue(ctx context.Context, launcher *runs.Launcher, key string, opts ...container.ChildOption) (data []byte, media string, err error) {
	_, output, err := i.graph.Asset(key)
	if err != nil {
		return nil, "", err
	}
	if _, hasRows := rows.Of(output.Type); hasRows && output.Type.Elem().Kind() != reflect.Uint8 {
		return nil, "", fmt.Errorf("showing the value of %s: %w", key, ErrNoMedia)
	}
	err = launcher.Read(ctx, key, output.Type, func(value any) error {
		if shown, ok := imageOf(value); ok {
			encoded, err := pngOf(shown)
			if err != nil {
				return fmt.Errorf("showing the value of %s: %w", key, err)
			}
			data, media = encoded, "image/png"
			return nil
		}
		whole, _ := plainBytes(value)
		if media = mediaOf(whole); media == "" || len(whole) > LargestMedia {
			return fmt.Errorf("showing the value of %s: %w", key, ErrNoMedia)
		}
		data = bytes.Clone(whole)
		return nil
	}, append(opts, i.KnownSteps(""))...)
	return data, media, err
}

// plainBytes returns a value that is text or bytes, also of a named type. A type that says
// itself how it is written is not plain.
func plainBytes(value any) ([]byte, bool) {
	switch value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return nil, false
	}
	switch v := reflect.ValueOf(value); {
	case v.Kind() == reflect.String:
		return []byte(v.String()), true
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return v.Bytes(), true
	}
	return nil, false
}

// mediaOf returns the media type of an image or of HTML, by how it begins. It is "" for
// everything else.
func mediaOf(data []byte) string {
	start := strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(string(data[:min(len(data), 512)]), "")))
	if strings.HasPrefix(start, "<svg") || strings.HasPrefix(start, "<?xml") && strings.Contains(start, "<svg") {
		return "image/svg+xml"
	}
	media, _, _ := strings.Cut(http.DetectContentType(data), ";")
	switch media {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "text/html":
		return media
	}
	return ""
}
