package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/server"
)

// tokenVariable has the token that the pages of serve ask for.
const tokenVariable = "FXRUN_TOKEN"

// tokensVariable has tokens with names, as --tokens-file has them.
const tokensVariable = "FXRUN_TOKENS"

// serveTokens are the tokens of the pages: one without a name, and others by their names.
type serveTokens struct {
	one   string
	named map[string]string
}

func (t serveTokens) isEmpty() bool { return t.one == "" && len(t.named) == 0 }

// readTokens returns the tokens that the flags and the environment give.
func (f serveFlags) readTokens() (serveTokens, []error) {
	if f.dev {
		return serveTokens{}, nil
	}
	var tokens serveTokens
	var err error
	tokens.one, err = f.readToken()
	named, faults := f.readNamedTokens()
	tokens.named = named
	return tokens, append(fault.Of(err), faults...)
}

func (f serveFlags) readToken() (string, error) {
	if f.token == "" {
		return os.Getenv(tokenVariable), nil
	}
	text, err := os.ReadFile(f.token)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("--token-file: %s is empty", f.token)
	}
	return token, nil
}

func (f serveFlags) readNamedTokens() (map[string]string, []error) {
	from, text := tokensVariable, []byte(os.Getenv(tokensVariable))
	if f.tokens != "" {
		from = "--tokens-file " + f.tokens
		var err error
		if text, err = os.ReadFile(f.tokens); err != nil {
			return nil, []error{fmt.Errorf("--tokens-file: %w", err)}
		}
	} else if len(text) == 0 {
		return nil, nil
	}
	tokens, err := server.ParseTokens(text)
	var faults []error
	for _, one := range fault.Of(err) {
		faults = append(faults, fmt.Errorf("%s: %w", from, one))
	}
	return tokens, faults
}
