package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// decodeBody reads the body of a request: one JSON object in UTF-8 whose names are known,
// each given once. A request without a body counts as {}.
func decodeBody[B any](r *http.Request, body *B) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return refused(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", large.Limit)
		}
		return refused(http.StatusBadRequest, "reading the body: %w", err)
	}
	if len(text) == 0 {
		return nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return refused(http.StatusUnsupportedMediaType, "the body must be JSON, with the header Content-Type: application/json")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return refused(http.StatusUnsupportedMediaType, "the body must be sent without a Content-Encoding")
	}
	if err := unmarshal(text, body); err != nil {
		return &statusError{err, http.StatusBadRequest}
	}
	if placed, ok := any(body).(interface{ place(text []byte) }); ok {
		placed.place(text)
	}
	return nil
}

func unmarshal[B any](text []byte, body *B) error {
	if begin := bytes.TrimLeft(text, " \t\r\n"); len(begin) > 0 && begin[0] != '{' && jsontext.Value(text).IsValid() {
		return fault.Join(readingBody, []error{errors.New("it must be an object")})
	}
	if err := json.Unmarshal(text, body, json.RejectUnknownMembers(true)); err != nil {
		return fault.Join(readingBody, []error{bodyFault(text, err, memberNames(reflect.TypeFor[B]()))})
	}
	if at := zero.FindIndex(text); at != nil {
		return fault.Join(readingBody, []error{faultAt(text, int64(at[0]), "", "the character U+0000 cannot be stored")})
	}
	return nil
}

// zero finds the character U+0000 in JSON, which databases refuse.
var zero = regexp.MustCompile(`(?:^|[^\\])(?:\\\\)*\\u0000`)

const readingBody = "reading the body of the request"

// bodyFault says what is wrong with a body, and where. members are the names that an
// object at the top may have. The text has no value of the body, which may be a secret.
func bodyFault(text []byte, err error, members []string) error {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		message := "it is not valid JSON"
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			message = "the name is given twice"
		case errors.Is(err, io.ErrUnexpectedEOF):
			message = "the JSON ends too early"
		case strings.Contains(syntax.Err.Error(), "UTF-8"):
			message = "it is not valid UTF-8"
		}
		return faultAt(text, syntax.ByteOffset, syntax.JSONPointer, message)
	case errors.As(err, &meaning):
		message := "it cannot be " + kindText(meaning.JSONKind)
		if errors.Is(err, json.ErrUnknownName) {
			message = "there is no such field"
			if meaning.JSONPointer.Parent() == "" {
				message += nearest.Suggestion(meaning.JSONPointer.LastToken(), members)
			}
		}
		return faultAt(text, meaning.ByteOffset, meaning.JSONPointer, message)
	}
	return err
}

func kindText(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindString:
		return "a text"
	case jsontext.KindNumber:
		return "this number"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "true or false"
	case jsontext.KindNull:
		return "null"
	case jsontext.KindBeginArray:
		return "a list"
	default:
		return "an object"
	}
}

func faultAt(text []byte, offset int64, pointer jsontext.Pointer, message string) error {
	before := text[:min(max(offset, 0), int64(len(text)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len([]rune(string(before[bytes.LastIndexByte(before, '\n')+1:]))) + 1
	var path strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case strings.Trim(token, "0123456789") == "":
			path.WriteString("[" + token + "]")
		case path.Len() > 0:
			path.WriteString("." + token)
		default:
			path.WriteString(token)
		}
	}
	if path.Len() == 0 {
		path.WriteString("the body")
	}
	return &container.FieldError{Path: path.String(), Line: line, Column: column, Message: message}
}
