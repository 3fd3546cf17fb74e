package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/snakecase"
)

// secretTag turns off the warning for a field that is named like a secret and holds
// none.
const secretTag = "secret"

// warnOfReadable sets a warning on a leaf that is named like a secret and is not
// one. Everybody can read its value where it is shown, and in the history of
// every run.
func warnOfReadable(leaf *Leaf, field reflect.StructField) error {
	text, silenced := field.Tag.Lookup(secretTag)
	if silenced && text != "false" {
		return fault.Errorf(`its secret tag may only be secret:"false", which says that it is none: the type of a secret is container.Secret`)
	}
	if silenced || leaf.secret {
		leaf.warning = "" // it may be the warning about structs in a list
		return nil
	}
	if len(leaf.texts) > 0 || !isReadable(leaf.typ) {
		return nil
	}
	for _, name := range []string{field.Name, launchName(field), field.Tag.Get("envconfig")} {
		if namesSecret(name) {
			leaf.warning = `it is named like a secret, but it is shown, and kept in the history: make it a container.Secret, or tag it secret:"false"`
		}
	}
	return nil
}

// isReadable reports whether a type can hold a text that may be a secret.
func isReadable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return true
	case reflect.Slice, reflect.Array:
		return t.Elem().Kind() == reflect.Uint8 || isReadable(t.Elem())
	case reflect.Pointer, reflect.Map:
		return isReadable(t.Elem())
	}
	return false
}

var (
	secretWords = []string{
		"password", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "secret", "token", "key", "apikey", "accesskey", "secretkey", "privatekey", "credential", "dsn",
	}
	// keyWords are words before key that make it the name of something which is
	// not a secret.
	keyWords = []string{"public", "primary", "partition", "sort", "foreign", "unique", "object", "cache", "routing", "group", "map", "row", "hash", "json", "asset", "step", "resource"}
	// formWords name the form of a value, and not the kind of the value.
	formWords = regexp.MustCompile(`^(?:value|text|string|data|pem|raw|bytes|base64|hex|plain|default|old|new|[0-9]+)$`)
)

// namesSecret reports whether the last word of a name is a word for secrets. Token
// and APIToken are such names, TokenURL and TokenFile are not.
func namesSecret(name string) bool {
	words := strings.FieldsFunc(snakecase.Of(name), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
	for len(words) > 1 && formWords.MatchString(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return false
	}
	last := strings.TrimRight(words[len(words)-1], "0123456789")
	if !slices.Contains(secretWords, last) && !slices.Contains(secretWords, strings.TrimSuffix(last, "s")) {
		return false
	}
	return last != "key" && last != "keys" || len(words) == 1 || !slices.Contains(keyWords, words[len(words)-2])
}
