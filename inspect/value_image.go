package inspect

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"reflect"
)

// mostPixels is how many pixels of an image are shown. In a PNG they need less than
// LargestMedia, whatever the image is.
const mostPixels = 1_500_000

// imageOf returns a value that is an image, or a pointer to one, and not only a rectangle,
// which Go also takes for an image.
func imageOf(value any) (image.Image, bool) {
	found, ok := value.(image.Image)
	if !ok && value != nil && reflect.PointerTo(reflect.TypeOf(value)).Implements(reflect.TypeFor[image.Image]()) {
		pointer := reflect.New(reflect.TypeOf(value)) // the methods of an image are those of its pointer
		pointer.Elem().Set(reflect.ValueOf(value))
		found, ok = pointer.Interface().(image.Image)
	}
	switch found := found.(type) {
	case image.Rectangle, *image.Rectangle:
		return nil, false
	default:
		if v := reflect.ValueOf(found); !ok || v.Kind() == reflect.Pointer && v.IsNil() {
			return nil, false
		}
	}
	return found, true
}

// imageText says what an image is, and whether it is shown smaller.
func imageText(of image.Image) string {
	size := of.Bounds().Size()
	text := fmt.Sprintf("an image of %d x %d pixels", size.X, size.Y)
	switch step := shrinkBy(size); {
	case size.X <= 0 || size.Y <= 0:
		text += ", which has nothing to be shown"
	case step > 1:
		text += fmt.Sprintf(", of which one in %d by %d is shown", step, step)
	}
	return text
}

// shrinkBy returns how many pixels of a line, and of a column, become one.
func shrinkBy(size image.Point) int {
	pixels := float64(size.X) * float64(size.Y)
	return max(1, int(math.Ceil(math.Sqrt(pixels/mostPixels))))
}

// pngOf encodes an image. A large one becomes smaller.
func pngOf(of image.Image) ([]byte, error) {
	if step := shrinkBy(of.Bounds().Size()); step > 1 {
		of = shrunk{of, step}
	}
	var text bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&text, of); err != nil {
		return nil, fmt.Errorf("encoding the image as PNG: %w: %w", err, ErrNoMedia)
	}
	return text.Bytes(), nil
}

// shrunk is an image with some of the pixels of another one.
type shrunk struct {
	whole image.Image
	step  int
}

// ColorModel has colours of 8 bits, in which every image can be shown.
func (s shrunk) ColorModel() color.Model { return color.NRGBAModel }

// Bounds begins at 0, 0.
func (s shrunk) Bounds() image.Rectangle {
	size := s.whole.Bounds().Size()
	return image.Rect(0, 0, (size.X-1)/s.step+1, (size.Y-1)/s.step+1)
}

// At returns one of the pixels.
func (s shrunk) At(x, y int) color.Color {
	from := s.whole.Bounds().Min
	return s.whole.At(from.X+x*s.step, from.Y+y*s.step)
}
