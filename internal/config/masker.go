package config

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Masker masks the literal text of secrets in text from other code, such as the
// error of a server that repeats a request, or the log line of a library. It
// finds a secret also as %q, JSON, URLs, base64 and hex write it. A nil Masker
// masks nothing. It is safe for concurrent use.
type Masker struct{ forms *strings.Replacer }

// minMasked is the length in bytes of the shortest secret that is masked. A
// shorter secret would be found in many words that have nothing to do with it.
const minMasked = 5

// NewMasker returns a masker of secrets. It also masks the password in a connection
// string or a URL. It returns nil if no secret is long enough.
func NewMasker(secrets ...string) *Masker {
	seen := make(map[string]bool)
	var forms []string
	for _, secret := range secrets {
		for _, part := range append(passwords(secret), secret) {
			for _, form := range formsOf(part) {
				if len(form) >= minMasked && !seen[form] && strings.Trim(form, "*") != "" {
					seen[form] = true
					forms = append(forms, form)
				}
			}
		}
	}
	if len(forms) == 0 {
		return nil
	}
	// Of two forms that begin at the same place the longer is masked.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, Masked)
	}
	return &Masker{forms: strings.NewReplacer(pairs...)}
}

// Mask returns text with every secret in it masked.
func (m *Masker) Mask(text string) string {
	if m == nil {
		return text
	}
	return m.forms.Replace(text)
}

// formsOf returns the forms in which a secret may stand in a text.
func formsOf(secret string) []string {
	if len(secret) < minMasked {
		return nil
	}
	plain := []string{secret, strings.TrimSpace(secret), strings.Join(strings.Fields(secret), " ")}
	for line := range strings.Lines(secret) { // the error of a parser may quote one line of a key
		if line = strings.TrimSpace(line); len(line) > minMasked && !strings.HasPrefix(line, "-----") {
			plain = append(plain, line)
		}
	}
	slices.Sort(plain)
	var forms []string
	for _, text := range slices.Compact(plain) {
		forms = append(forms, text, html.EscapeString(text), url.QueryEscape(text), url.PathEscape(text), strings.TrimPrefix(url.UserPassword("", text).String(), ":"))
	}
	forms = withQuotings(withQuotings(forms)) // a quoted error may quote JSON
	for _, escaped := range slices.Clone(forms) {
		forms = append(forms, lowerEscapes(escaped))
	}
	digits := hex.EncodeToString([]byte(secret))
	numbers := strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]")
	return append(append(forms, digits, strings.ToUpper(digits), numbers), base64Forms(secret)...)
}

// withQuotings adds the forms of texts that %q and JSON write, without the
// quotation marks.
func withQuotings(texts []string) []string {
	all := slices.Clone(texts)
	for _, text := range texts {
		all = append(all, unquoted(strconv.Quote(text)), unquoted(strconv.QuoteToASCII(text)))
		if written, err := json.Marshal(text); err == nil {
			all = append(all, unquoted(string(written)))
		}
		if written, err := plainJSON(text); err == nil {
			all = append(all, unquoted(string(written)))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func unquoted(quoted string) string { return quoted[1 : len(quoted)-1] }

// lowerEscapes writes %2F as %2f.
func lowerEscapes(text string) string {
	lower := []byte(text)
	for i := 0; i+2 < len(lower); i++ {
		if lower[i] == '%' {
			copy(lower[i+1:i+3], strings.ToLower(text[i+1:i+3]))
		}
	}
	return string(lower)
}

// base64Forms returns the forms of a secret in base64, alone and as a part of a
// longer text, such as the user:password of a basic authorization. Three bytes
// become four characters, so there are three forms. The characters at the ends
// depend on the text beside the secret, so they are left out.
func base64Forms(secret string) (forms []string) {
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			encoded := encoding.EncodeToString(append(make([]byte, before), secret...))
			form := encoded[(before*8+5)/6 : (before+len(secret))*8/6]
			if len(form) > minMasked {
				forms = append(forms, form)
			}
		}
		forms = append(forms, encoding.EncodeToString([]byte(secret)))
	}
	return append(forms, base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)))
}

// SecretTexts returns the secret texts in a resolved config: the values of the
// secrets, and the passwords in connection strings and URLs, also outside of
// secrets.
func (c *Definition) SecretTexts(config Resolved) []string {
	var texts secretTexts
	for i := range c.fields {
		value, ok := fieldByIndex(config.Value, c.fields[i].index)
		if ok && !config.origins[i].unreadable && config.origins[i].source != SourceMissing {
			texts.add(value, false, 0)
		}
	}
	return texts
}

type secretTexts []string

// add walks through a value of a config.
func (s *secretTexts) add(value reflect.Value, secret bool, depth int) {
	const deepest = 20 // a list that contains itself has no end
	if !value.IsValid() || depth > deepest {
		return
	}
	if value.CanInterface() && s.addKnown(value, secret, depth) {
		return
	}
	switch value.Kind() {
	case reflect.String:
		s.text(value.String(), secret)
	case reflect.Pointer, reflect.Interface:
		s.add(value.Elem(), secret, depth+1)
	case reflect.Slice, reflect.Array:
		if secret && value.Type().Elem().Kind() == reflect.Uint8 && value.Kind() == reflect.Slice {
			s.text(string(value.Bytes()), true)
			return
		}
		for i := range value.Len() {
			s.add(value.Index(i), secret, depth+1)
		}
	case reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			s.add(entry.Value(), secret, depth+1)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			s.add(value.Field(i), secret, depth+1)
		}
	default:
		if secret && (value.CanInt() || value.CanUint() || value.CanFloat()) {
			s.text(fmt.Sprint(value), true)
		}
	}
}

// addKnown adds a value that has a text of its own, and reports whether nothing
// else is in the value.
func (s *secretTexts) addKnown(value reflect.Value, secret bool, depth int) bool {
	switch known := value.Interface().(type) {
	case hider:
		if value.Kind() != reflect.Pointer {
			s.add(reflect.ValueOf(known.hidden()), true, depth+1)
			return true
		}
	case *url.URL:
		if known != nil {
			s.url(known, secret)
		}
		return true
	case url.URL:
		s.url(&known, secret)
		return true
	case time.Duration, time.Time:
		return true
	}
	return false
}

func (s *secretTexts) url(u *url.URL, secret bool) {
	if password, ok := u.User.Password(); ok {
		*s = append(*s, password)
	}
	s.text(u.String(), secret) // it has the password in its escaped form
}

// text adds a text if it is secret. It adds the passwords in the text in any
// case.
func (s *secretTexts) text(text string, secret bool) {
	if secret {
		*s = append(*s, text)
	} else if redact(text) != text {
		*s = append(*s, passwords(text)...)
	}
}
