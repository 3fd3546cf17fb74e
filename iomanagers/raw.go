package iomanagers

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Raw returns the codec of bytes as they are: for []byte, string and types defined as
// those, such as `type HTML string`. It claims them, so that they are stored raw unless
// an asset asks for another format. A nil slice comes back empty.
//
// The extension ends the files' names; without its dot it is the codec's name, so that
// Raw(".html") and Raw(".png") can stand side by side (the first claims). "" means ".bin"
// and the name "raw".
func Raw(extension string) Codec {
	name := strings.TrimPrefix(extension, ".")
	if name == "" {
		return rawCodec{name: "raw", extension: ".bin"}
	}
	return rawCodec{name: name, extension: "." + name}
}

type rawCodec struct{ name, extension string }

var (
	_ TypeChecker = rawCodec{}
	_ TypeClaimer = rawCodec{}
)

func (c rawCodec) Name() string      { return c.name }
func (c rawCodec) Extension() string { return c.extension }

func (rawCodec) Claims(t reflect.Type) bool {
	return t.Kind() == reflect.String || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func (c rawCodec) CheckType(t reflect.Type) error {
	if !c.Claims(t) {
		return fmt.Errorf("%w: it takes []byte, string and types defined as those, not %v", ErrType, t)
	}
	return nil
}

func (c rawCodec) Encode(w io.Writer, value any) error {
	v := reflect.ValueOf(value)
	if !v.IsValid() || !c.Claims(v.Type()) {
		return fmt.Errorf("%w: it takes []byte, string and types defined as those, not %T", ErrType, value)
	}
	var err error
	if v.Kind() == reflect.String {
		_, err = io.WriteString(w, v.String())
	} else {
		_, err = w.Write(v.Bytes())
	}
	return err
}

func (c rawCodec) Decode(r io.Reader, dst any) error {
	target := reflect.ValueOf(dst).Elem()
	if err := c.CheckType(target.Type()); err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if target.Kind() == reflect.String {
		target.SetString(string(data))
	} else {
		target.SetBytes(data)
	}
	return nil
}
