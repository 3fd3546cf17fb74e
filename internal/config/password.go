package config

import (
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

// secretWord matches the end of the name of a setting whose value is secret.
const secretWord = `(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|signature|sig|(?:api|access|account|private|secret|shared|signing|encryption)[_.-]?key)`

var (
	// authority is the part of a URL between :// and the path. A password that
	// is not escaped may contain the characters that end this part.
	authority = regexp.MustCompile("([A-Za-z][A-Za-z0-9+.-]*)://([^\\s\"'`<>]*)")
	// setting is a pair in a connection string or in the query of a URL.
	setting = regexp.MustCompile(`(?i)(?:^|[^\w.-])[\w.-]*` + secretWord + `\s*=\s*('(?:[^'\\]|\\.)*'?|"(?:[^"\\]|\\.)*"?|\{[^}]*\}?|[^\s;&'"]+)`)
	// login is the part before the address in a connection string without ://.
	login = regexp.MustCompile(`^[^\s:/@]+:(\S+)@`)
)

// userinfo finds the part before the @ of a URL. It returns false if there is
// none.
func userinfo(address string) (string, bool) {
	if u, err := url.Parse(address); err == nil && u.User == nil {
		return "", false
	}
	_, rest, _ := strings.Cut(address, "://")
	end := strings.LastIndexByte(rest, '@')
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		host, _, _ := strings.Cut(rest, "?")
		host, _, _ = strings.Cut(host, "/")
		end = strings.LastIndexByte(host, '@')
	}
	if end < 0 {
		return "", false
	}
	return rest[:end], true
}

// passwords finds the passwords in a connection string. It returns each as it is
// written, without its escapes, and with the text around it, because password=x
// differs from other text and x does not.
func passwords(text string) (found []string) {
	add := func(password string) {
		password = strings.Trim(password, `'"{}`)
		found = append(found, password)
		if plain, err := url.QueryUnescape(password); err == nil && plain != password {
			found = append(found, plain)
		}
		if plain, err := url.PathUnescape(password); err == nil && plain != password {
			found = append(found, plain)
		}
		if plain := unescaped.Replace(password); plain != password {
			found = append(found, plain)
		}
	}
	for _, address := range authority.FindAllString(text, -1) {
		if user, ok := userinfo(address); ok {
			name, password, hasPassword := strings.Cut(user, ":")
			if hasPassword {
				add(password)
				found = append(found, user+"@")
			} else if isWeb(address) {
				add(name) // a token
			}
		}
	}
	for _, pair := range setting.FindAllStringSubmatch(text, -1) {
		add(pair[1])
		found = append(found, strings.TrimLeft(pair[0], " \t\r\n;&?,{(\"'"))
	}
	if match := login.FindStringSubmatch(text); match != nil {
		add(match[1])
		found = append(found, match[0])
	}
	return found
}

// unescaped removes the backslashes from a quoted value.
var unescaped = strings.NewReplacer(`\\`, `\`, `\'`, `'`)

// isWeb reports whether a name before the @ is a token and not the name of a
// user. A web address has no user without a password.
func isWeb(address string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(address), "://")
	return scheme == "http" || scheme == "https"
}

// redact masks the secret parts of a text that is shown: the part before the @
// of a URL with a password or a token, and the values of settings with names of
// secrets.
func redact(text string) string {
	if !strings.ContainsAny(text, "=@") {
		return text
	}
	text = authority.ReplaceAllStringFunc(text, func(address string) string {
		user, ok := userinfo(address)
		if !ok || !strings.Contains(user, ":") && !isWeb(address) || strings.HasSuffix(user, ":xxxxx") { // the mask of net/url
			return address
		}
		scheme, rest, _ := strings.Cut(address, "://")
		return scheme + "://" + Masked + strings.TrimPrefix(rest, user)
	})
	var out strings.Builder
	end := 0
	for _, at := range setting.FindAllStringSubmatchIndex(text, -1) {
		out.WriteString(text[end:at[2]] + Masked)
		end = at[3]
	}
	return out.String() + text[end:]
}

// redacted returns the text of a value that hides its own password, as a URL
// does, also behind a pointer.
func redacted(value reflect.Value) (string, bool) {
	hiding, ok := addressed(value).(interface{ Redacted() string })
	if !ok {
		return "", false
	}
	return hiding.Redacted(), true
}

// addressed returns a value in the form that has all of its methods.
func addressed(value reflect.Value) any {
	if value.Kind() == reflect.Pointer {
		return value.Interface()
	}
	pointer := reflect.New(value.Type())
	pointer.Elem().Set(value)
	return pointer.Interface()
}

// holdsPassword reports whether the shown text of a value leaves out a part of
// the value. Such a value cannot be stored.
func (s *Shapes) holdsPassword(value reflect.Value) bool {
	if value.Kind() == reflect.Pointer {
		return !value.IsNil() && s.holdsPassword(value.Elem())
	}
	shown, hasText := shownText(value)
	if whole, ok := wholeText(value); ok || hasText {
		return ok != hasText || whole != shown
	}
	switch t := value.Type(); {
	case decodesText(t), isBytes(t):
		return false // its text is not known here
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		for i := range value.Len() {
			if s.holdsPassword(value.Index(i)) {
				return true
			}
		}
	case t.Kind() == reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			if s.holdsPassword(entry.Key()) || s.holdsPassword(entry.Value()) {
				return true
			}
		}
	case t.Kind() == reflect.Struct:
		item := s.item(t)
		for i := range item.fields {
			if inner, ok := fieldByIndex(value, item.fields[i].index); ok && s.holdsPassword(inner) {
				return true
			}
		}
	}
	return false
}
