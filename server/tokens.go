package server

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/fxrun/fxrun/internal/fault"
)

// shortestToken is the smallest length of a token that cannot be guessed.
const shortestToken = 16

// tokenName is how a token may be called, so that its name is one word in a log.
var tokenName = regexp.MustCompile(`^[\pL\pN_.@+-]+$`)

// reservedNames are what the audit calls those who have no token with a name.
var reservedNames = []string{"anybody", "token", "session"}

// ParseTokens reads tokens with names for [Config.Tokens]: a line NAME=TOKEN for each. Empty
// lines, and lines that begin with #, are left out. The error names the lines that are wrong,
// and shows no token. It matches container.ErrInvalid.
func ParseTokens(text []byte) (map[string]string, error) {
	tokens := make(map[string]string)
	var faults []error
	lines := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, token, ok := strings.Cut(line, "=")
		name, token = strings.TrimSpace(name), strings.TrimSpace(token)
		switch _, twice := tokens[name]; {
		case !ok:
			faults = append(faults, fmt.Errorf("line %d: it must have the form NAME=TOKEN", number))
		case twice:
			faults = append(faults, fmt.Errorf("line %d: its name was given before", number))
		default:
			if err := checkToken(name, token); err != nil {
				faults = append(faults, fmt.Errorf("line %d: %w", number, err))
			}
			tokens[name] = token
		}
	}
	if lines.Err() != nil {
		faults = append(faults, errors.New("a line is too long"))
	}
	if len(faults) == 0 && len(tokens) == 0 {
		faults = append(faults, errors.New("there is no line NAME=TOKEN"))
	}
	if err := fault.Join("reading the tokens", append(faults, sameTokens(tokens)...)); err != nil {
		return nil, err
	}
	return tokens, nil
}

func checkToken(name, token string) error {
	switch {
	case !tokenName.MatchString(name):
		return errors.New("the name of the token may have letters, digits and _ . @ + - only")
	case slices.Contains(reservedNames, name):
		return fmt.Errorf("a token cannot have the name %s, which the audit uses for others", name)
	case strings.ContainsFunc(token, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("the token of %s may have no spaces and no control characters, which no program can send", name)
	case len(token) < shortestToken:
		return fmt.Errorf("the token of %s must have at least %d characters", name, shortestToken)
	}
	return nil
}

// sameTokens finds tokens with two names, of which the audit could not tell whose they are.
func sameTokens(tokens map[string]string) []error {
	var faults []error
	first := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		if other, ok := first[tokens[name]]; ok {
			faults = append(faults, fmt.Errorf("the tokens of %s and %s are the same", other, name))
			continue
		}
		first[tokens[name]] = name
	}
	return faults
}

// pass is what lets somebody pass: a token, or the cookie of a session that began with it.
type pass struct {
	name    string // "" for the token without a name
	token   [sha256.Size]byte
	session string // the value of the cookie, made anew when the server starts
}

func newPasses(config Config) []pass {
	var passes []pass
	if config.Token != "" {
		passes = append(passes, pass{token: sha256.Sum256([]byte(config.Token)), session: rand.Text()})
	}
	for _, name := range slices.Sorted(maps.Keys(config.Tokens)) {
		passes = append(passes, pass{name, sha256.Sum256([]byte(config.Tokens[name])), rand.Text()})
	}
	return passes
}

// passOfToken returns the pass with a token. It takes as long for every token, right or wrong.
func passOfToken(passes []pass, token string) (found pass, ok bool) {
	given := sha256.Sum256([]byte(token))
	for _, one := range passes {
		if subtle.ConstantTimeCompare(given[:], one.token[:]) == 1 {
			found, ok = one, true
		}
	}
	return found, ok
}

// passOfSession is passOfToken for the value of a cookie.
func passOfSession(passes []pass, session string) (found pass, ok bool) {
	for _, one := range passes {
		if subtle.ConstantTimeCompare([]byte(session), []byte(one.session)) == 1 {
			found, ok = one, true
		}
	}
	return found, ok
}
