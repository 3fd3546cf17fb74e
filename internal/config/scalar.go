package config

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kelseyhightower/envconfig"
	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/internal/typename"
)

// readScalar reads a node into a value that is not a list, a map or a struct.
// Its error says what was expected. It is errWrongKind if the node is of
// another kind.
func readScalar(node *yaml.Node, into reflect.Value) error {
	text, ok := textOf(node)
	if !ok {
		return errWrongKind
	}
	switch kind := into.Kind(); {
	case into.Type() == reflect.TypeFor[time.Duration]():
		return readDuration(text, into)
	case into.Type() == jsonNumberType:
		return readJSONNumber(text, into)
	case kind == reflect.String, isBytes(into.Type()):
		return readText(text, node.Tag == "!!binary", into)
	case kind == reflect.Bool:
		return readBool(text, into)
	case kind == reflect.Interface && into.NumMethod() == 0: // in a Secret[any]
		return node.Decode(into.Addr().Interface())
	case isQuoted(node):
		return errWrongKind // "7" is text
	case kind == reflect.Float32, kind == reflect.Float64:
		return readFloat(node, into)
	case into.CanInt():
		return readInt(node, into)
	case into.CanUint():
		return readUint(node, into)
	}
	return errWrongKind
}

// errWrongKind says that a node is of another kind than its field.
var errWrongKind = errors.New("wrong kind")

// isQuoted reports whether the node is text because it stands in quotes.
func isQuoted(node *yaml.Node) bool {
	return node.Tag == "!!str" && node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// textOf returns the text of a scalar. For !!binary, which is written in base64,
// it returns the bytes. It refuses unknown tags, because the first word of a text
// that begins with an exclamation mark would be such a tag.
func textOf(node *yaml.Node) (string, bool) {
	switch tag := node.ShortTag(); {
	case node.Kind != yaml.ScalarNode || tag == "!!null" || !strings.HasPrefix(tag, "!!"):
		return "", false
	case tag != "!!binary":
		return node.Value, true
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(node.Value), ""))
	return string(data), err == nil
}

// readText takes text without a change, so that 007 and 1.10 stay what they are.
func readText(text string, binary bool, into reflect.Value) error {
	switch {
	case into.Kind() == reflect.String:
		into.SetString(text)
	case into.Type() == reflect.TypeFor[net.HardwareAddr]() && !binary && text != "":
		address, err := net.ParseMAC(text)
		if err != nil {
			return errors.New("the text is not a net.HardwareAddr")
		}
		into.SetBytes(address)
	default:
		into.SetBytes([]byte(text))
	}
	return nil
}

// errNotUTF8 is the error of a text that JSON cannot express. Launches are
// stored as JSON.
var errNotUTF8 = errors.New("expected text, not bytes that are no UTF-8")

// isBytes reports whether values of the type are bytes. Bytes are written as
// text, and not as a list.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !decodesText(t.Elem())
}

// booleans are the words for true and false, in the order in which a schema
// shows them. Each may be written in lower case, in upper case, or with one
// capital.
var booleans = []struct {
	word  string
	value bool
}{
	{"true", true},
	{"false", false},
	{"yes", true},
	{"no", false},
	{"on", true},
	{"off", false},
	{"y", true},
	{"n", false},
	{"t", true},
	{"f", false},
	{"1", true},
	{"0", false},
}

func readBool(text string, into reflect.Value) error {
	for _, boolean := range booleans {
		for _, word := range spellings(boolean.word) {
			if text == word {
				into.SetBool(boolean.value)
				return nil
			}
		}
	}
	return errWrongKind
}

// spellings returns word, Word and WORD.
func spellings(word string) []string {
	upper := strings.ToUpper(word)
	return []string{word, upper[:1] + word[1:], upper}
}

func readDuration(text string, into reflect.Value) error {
	duration, err := time.ParseDuration(text)
	if err != nil {
		return errors.New("expected a time.Duration, as in 1m30s")
	}
	into.SetInt(int64(duration))
	return nil
}

var (
	jsonNumberType = reflect.TypeFor[json.Number]()
	jsonNumber     = regexp.MustCompile(jsonNumberPattern)
)

// jsonNumberPattern is what JSON takes for a number.
const jsonNumberPattern = `^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`

// readJSONNumber keeps a number as it is written, quoted or not.
func readJSONNumber(text string, into reflect.Value) error {
	if !jsonNumber.MatchString(text) {
		return errors.New("expected a number as JSON has it, as in 12, 1.5 or 1e3")
	}
	into.SetString(text)
	return nil
}

// digits returns a whole number in the form that strconv reads with base 0. A
// number with zeros at its beginning and no letter is decimal: 010 is ten, as
// people expect, and not eight, as in C and YAML 1.1.
func digits(text string) string {
	sign := ""
	if rest := strings.TrimLeft(text, "+-"); len(text)-len(rest) <= 1 {
		sign, text = text[:len(text)-len(rest)], rest
	}
	if trimmed := strings.TrimLeft(text, "0"); trimmed != text {
		switch {
		case trimmed == "":
			text = "0"
		case trimmed[0] >= '0' && trimmed[0] <= '9':
			text = trimmed
		}
	}
	return sign + text
}

func readInt(node *yaml.Node, into reflect.Value) error {
	number, err := strconv.ParseInt(digits(node.Value), 0, into.Type().Bits())
	if err != nil {
		return noNumber(node, err, into.Type())
	}
	into.SetInt(number)
	return nil
}

func readUint(node *yaml.Node, into reflect.Value) error {
	number, err := strconv.ParseUint(strings.TrimPrefix(digits(node.Value), "+"), 0, into.Type().Bits())
	if err != nil {
		return noNumber(node, err, into.Type())
	}
	into.SetUint(number)
	return nil
}

// noNumber returns one error for a number that does not fit, and another one
// for a text that is not a number.
func noNumber(node *yaml.Node, err error, t reflect.Type) error {
	if errors.Is(err, strconv.ErrRange) || node.Tag == "!!int" || node.Tag == "!!float" {
		return fmt.Errorf("expected a whole number that fits %s", t)
	}
	return errWrongKind
}

func readFloat(node *yaml.Node, into reflect.Value) error {
	bits := into.Type().Bits()
	if whole, err := strconv.ParseInt(digits(node.Value), 0, 64); err == nil { // 0x10 too
		into.SetFloat(float64(whole))
		return nil
	}
	text := strings.ReplaceAll(node.Value, "_", "")
	number, err := strconv.ParseFloat(text, bits)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("expected a number that fits %s", into.Type())
	case err == nil && !isFinite(number), isInfinite(text):
		return errFinite
	case err != nil:
		return errWrongKind
	}
	into.SetFloat(number)
	return nil
}

// errFinite is the error of a number that JSON cannot express. Launches are
// stored as JSON.
var errFinite = errors.New("expected a finite number")

func isFinite(number float64) bool { return !math.IsInf(number, 0) && !math.IsNaN(number) }

// isInfinite reports whether a text is one of the words of YAML for infinity
// and NaN.
func isInfinite(text string) bool {
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case ".inf", ".nan":
		return true
	}
	return false
}

// readSelf lets a type read itself from text, in one of the four ways that
// envconfig knows.
func readSelf(node *yaml.Node, into reflect.Value) (fault error) {
	text, ok := textOf(node)
	if !ok {
		return errWrongKind
	}
	defer func() {
		if recovered := recover(); recovered != nil { // the decoder is the user's code
			fault = fmt.Errorf("decoding a %s panicked", typename.Of(into.Type()))
		}
	}()
	var err error
	switch value := into.Addr().Interface().(type) {
	case envconfig.Decoder:
		err = value.Decode(text)
	case envconfig.Setter:
		err = value.Set(text)
	case encoding.TextUnmarshaler:
		err = value.UnmarshalText([]byte(text))
	case encoding.BinaryUnmarshaler:
		err = value.UnmarshalBinary([]byte(text))
	default:
		err = errors.ErrUnsupported
	}
	switch {
	case err == nil:
		return nil
	case into.Type() == reflect.TypeFor[time.Time]():
		return errors.New("expected a time.Time, as in 2026-07-31T18:30:00Z")
	}
	return fmt.Errorf("the text is not a %s", typename.Of(into.Type()))
}
