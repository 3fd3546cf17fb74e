package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
)

// A query is a struct. Each of its fields is a parameter with the name of its tag query.
// The tag doc describes it. The types are string, []string (the parameter may be repeated),
// int, int64 and bool.

type parameter struct {
	name, doc string
	field     reflect.StructField
}

func parametersOf(query reflect.Type) []parameter {
	var list []parameter
	for _, field := range reflect.VisibleFields(query) {
		if name := field.Tag.Get("query"); name != "" {
			list = append(list, parameter{name, field.Tag.Get("doc"), field})
		}
	}
	return list
}

// decodeQuery reads the parameters of a query into a struct. Unknown parameters are
// refused, and so are empty ones and those that are given twice.
func decodeQuery(raw string, query any) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return refused(http.StatusBadRequest, "reading the query: %w", err)
	}
	into := reflect.ValueOf(query).Elem()
	parameters := parametersOf(into.Type())
	var faults []error
	for _, name := range sortedKeys(values) {
		at := slices.IndexFunc(parameters, func(p parameter) bool { return p.name == name })
		if at < 0 {
			faults = append(faults, fmt.Errorf("there is no parameter %q%s", name, nearest.SuggestionAmong(name, parameters, func(p parameter) string { return p.name })))
			continue
		}
		if err := setParameter(into.FieldByIndex(parameters[at].field.Index), values[name]); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", name, err))
		}
	}
	if err := fault.Join("reading the query", faults); err != nil {
		return &statusError{err, http.StatusBadRequest}
	}
	return nil
}

func setParameter(field reflect.Value, given []string) error {
	for _, text := range given {
		if strings.TrimSpace(text) == "" {
			return errors.New("it is given but empty")
		}
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return errors.New("it is not valid UTF-8")
		}
	}
	if field.Kind() == reflect.Slice {
		field.Set(reflect.ValueOf(given))
		return nil
	}
	if len(given) > 1 {
		return fmt.Errorf("it is given %d times", len(given))
	}
	switch text := given[0]; field.Kind() {
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil || number < 0 {
			return fmt.Errorf("it must be a whole number that is not negative, not %q", text)
		}
		field.SetInt(number)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("it must be true or false, not %q", text)
		}
		field.SetBool(text == "true")
	default:
		field.SetString(text)
	}
	return nil
}

// memberNames returns the names that a JSON object of a struct type has.
func memberNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}
