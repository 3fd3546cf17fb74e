package inspect

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// ValuePreview is the beginning of a stored value. Either Columns or Text is set.
type ValuePreview struct {
	// Key is the key of the asset.
	Key string `json:"key"`
	// Columns are the names of the columns of rows. Rows that are no structs have one
	// column.
	Columns []string `json:"columns,omitempty"`
	// Rows are the first rows, a text for each column.
	Rows [][]string `json:"rows,omitempty"`
	// Text is a value that is not rows: text as it is, and anything else as JSON.
	Text string `json:"text,omitempty"`
	// Cut says that the value goes on.
	Cut bool `json:"cut,omitempty"`
	// Media is the media type of text or bytes that are an image or HTML, such as
	// "image/png", which is also that of an image of Go, such as *image.RGBA. It is "" for other values. See
	// [Inspector.MediaValue].
	Media string `json:"media,omitempty"`
}

// RowField is a column of the rows of an asset.
type RowField struct {
	// Name is the json tag of the field, or its Go name, and Type the Go type.
	Name string `json:"name"`
	Type string `json:"type"`
}

const (
	previewedRows    = 20
	previewedLetters = 20_000
	// previewedCell is the largest number of letters of one column of a row.
	previewedCell = 200
)

// PreviewValue loads the beginning of the stored value of an asset. Of rows it reads the
// first ones alone, whatever the Go type of the asset. It starts only the IO manager of the
// asset. The errors are those of runs.Launcher.Read.
func (i *Inspector) PreviewValue(ctx context.Context, launcher *runs.Launcher, key string, opts ...container.ChildOption) (ValuePreview, error) {
	preview := ValuePreview{Key: key}
	_, output, err := i.graph.Asset(key)
	if err != nil {
		return preview, err
	}
	as := output.Type
	shape, hasRows := rows.Of(as)
	if hasRows {
		as = batchesOf(shape)
	}
	err = launcher.Read(ctx, key, as, func(value any) error {
		if hasRows {
			return preview.readRows(shape, value)
		}
		return preview.readText(value)
	}, append(opts, i.KnownSteps(""))...)
	return preview, err
}

// batchesOf returns the type of a sequence of batches, of which a part can be read.
func batchesOf(shape rows.Shape) reflect.Type {
	yield := reflect.FuncOf([]reflect.Type{shape.Slice, reflect.TypeFor[error]()}, []reflect.Type{reflect.TypeFor[bool]()}, false)
	return reflect.FuncOf([]reflect.Type{yield}, nil, false)
}

func (v *ValuePreview) readRows(shape rows.Shape, value any) error {
	fields := rowFields(shape.Element)
	for _, field := range fields {
		v.Columns = append(v.Columns, field.name)
	}
	if len(fields) == 0 {
		v.Columns = []string{"value"}
	}
	for batch, err := range rows.Batches(value, previewedRows+1) {
		if err != nil {
			return err
		}
		list := reflect.ValueOf(batch)
		for n := range list.Len() {
			if len(v.Rows) == previewedRows {
				v.Cut = true
				return nil
			}
			v.Rows = append(v.Rows, rowTexts(list.Index(n), fields))
		}
	}
	return nil
}

func (v *ValuePreview) readText(value any) error {
	if shown, ok := imageOf(value); ok {
		v.Text = imageText(shown)
		if !shown.Bounds().Empty() {
			v.Media = "image/png"
		}
		return nil
	}
	data, _ := plainBytes(value)
	v.Media = mediaOf(data)
	text, ok := plainText(value)
	if !ok {
		encoded, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return fmt.Errorf("showing the value of %s as JSON: %w", v.Key, err)
		}
		text = string(encoded)
	}
	v.Text, v.Cut = cutText(text, previewedLetters)
	return nil
}

// plainText returns a value that is text or bytes.
func plainText(value any) (string, bool) {
	data, ok := plainBytes(value)
	if reflect.ValueOf(value).Kind() == reflect.Slice {
		data = data[:min(len(data), 4*previewedLetters)]
		return strings.ToValidUTF8(string(data), "\uFFFD"), ok
	}
	return string(data), ok
}

func cutText(text string, most int) (string, bool) {
	letters := []rune(text)
	if len(letters) <= most {
		return text, false
	}
	return string(letters[:most]), true
}

// RowFields returns the columns of the rows of an asset, from its Go type. It is empty if
// the asset does not consist of structs.
func (i *Inspector) RowFields(key string) []RowField {
	list := []RowField{}
	_, output, err := i.graph.Asset(key)
	if err != nil || output.Type == nil {
		return list
	}
	element := output.Type
	if shape, ok := rows.Of(element); ok {
		element = shape.Element
	}
	for _, field := range rowFields(element) {
		list = append(list, RowField{field.name, field.kind.String()})
	}
	return list
}

type rowField struct {
	name  string
	index []int
	kind  reflect.Type
}

func rowFields(t reflect.Type) []rowField {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var fields []rowField
	for _, field := range reflect.VisibleFields(t) {
		if field.IsExported() && !field.Anonymous {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			fields = append(fields, rowField{cmp.Or(name, field.Name), field.Index, field.Type})
		}
	}
	return fields
}

func rowTexts(row reflect.Value, fields []rowField) []string {
	for row.Kind() == reflect.Pointer && !row.IsNil() {
		row = row.Elem()
	}
	if len(fields) == 0 || row.Kind() != reflect.Struct {
		return []string{cellText(row)}
	}
	texts := make([]string, len(fields))
	for n, field := range fields {
		value, err := row.FieldByIndexErr(field.index)
		if err != nil { // it is in a nil embedded pointer
			continue
		}
		texts[n] = cellText(value)
	}
	return texts
}

// cellText returns a value as text: as in JSON, without the quotes of a text.
func cellText(value reflect.Value) string {
	var text string
	encoded, err := json.Marshal(value.Interface())
	switch {
	case err != nil:
		text = fmt.Sprint(value.Interface())
	case json.Unmarshal(encoded, &text) != nil:
		text = string(encoded)
	}
	if cut, isCut := cutText(text, previewedCell); isCut {
		return cut + "…"
	}
	return text
}
