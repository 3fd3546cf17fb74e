package server_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/server"
)

const annsToken, cisToken = "annual-paper-lantern", "continuous=integration=="

func withTokens(config *server.Config) {
	config.Token, config.Tokens = token, map[string]string{"ann": annsToken, "ci@build": cisToken}
}

func TestTheAuditNamesTheToken(t *testing.T) {
	t.Parallel()
	var log lines
	s := newSite(t, func(config *server.Config) {
		withTokens(config)
		config.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	}, newDisk(new(atomic.Bool)))
	cookie := func(given string) string {
		name, _, _ := strings.Cut(s.post("/login", "token", given).header.Get("Set-Cookie"), ";")
		return name
	}
	for _, header := range [][]string{
		{"Authorization", "Bearer " + token}, {"Authorization", "Bearer " + cisToken}, {"Cookie", cookie(annsToken)}, {"Cookie", cookie(token)},
	} {
		if got := s.do(http.MethodPost, "/resources/disk/check", "", append(header, "Sec-Fetch-Site", "same-origin")...); got.status != http.StatusOK {
			t.Errorf("the answer is %d %s", got.status, got.body)
		}
		s.do(http.MethodPost, "/api/v1/resources/disk/health-check", "{}", append(header, "Content-Type", "application/json")...)
	}
	var by []string
	for scanned := bufio.NewScanner(bytes.NewReader([]byte(log.String()))); scanned.Scan(); {
		if line := decoded[map[string]any](t, scanned.Text()); line["msg"] == "audit" {
			by = append(by, line["by"].(string))
		}
	}
	if diff := cmp.Diff([]string{"token", "token", "ci@build", "ci@build", "ann", "ann", "session", "session"}, by); diff != "" {
		t.Errorf("the names differ (-want +got):\n%s", diff)
	}
	for _, secret := range []string{token, annsToken, cisToken} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log has the token %s", secret)
		}
	}
}

func TestOnlyWholeTokensArePasses(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTokens)
	for _, given := range []string{"ann", "ann=" + annsToken, annsToken[:len(annsToken)-1], "continuous", ""} {
		if got := s.do(http.MethodGet, "/api/v1/health", "", "Authorization", "Bearer "+given); got.status == http.StatusOK {
			t.Errorf("%q passes", given)
		}
	}
}

func TestOneWhoGuessesDoesNotHinderOthers(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTokens)
	ask := func(from, given string) int {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/v1/health", nil)
		request.RemoteAddr = from
		request.Header.Set("Authorization", "Bearer "+given)
		answer := httptest.NewRecorder()
		s.handler.ServeHTTP(answer, request)
		return answer.Code
	}
	const wrong = "a wrong token of some length"
	synctest.Test(t, func(t *testing.T) {
		for range 5 {
			ask("203.0.113.7:1", wrong)
			ask("[2001:db8::1]:1", wrong)
		}
		for from, want := range map[string]int{
			"203.0.113.7:2": http.StatusTooManyRequests, "[::ffff:203.0.113.7]:3": http.StatusTooManyRequests, "203.0.113.8:1": http.StatusOK,
			"[2001:db8::2]:1": http.StatusTooManyRequests, "[2001:db8:1::1]:1": http.StatusOK,
		} {
			if got := ask(from, annsToken); got != want {
				t.Errorf("%s is answered by %d, want %d", from, got, want)
			}
		}
		time.Sleep(2 * time.Second) // of the clock of the test
		if got := ask("203.0.113.7:4", annsToken); got != http.StatusOK {
			t.Errorf("after a while a right token is answered by %d", got)
		}
		if first, second := ask("203.0.113.7:4", wrong), ask("203.0.113.7:4", wrong); first != http.StatusUnauthorized || second != http.StatusTooManyRequests {
			t.Errorf("after a right token, wrong ones are answered by %d and %d", first, second)
		}
		time.Sleep(time.Minute + 3*time.Second)
		for range 4 {
			if got := ask("203.0.113.7:4", wrong); got != http.StatusUnauthorized {
				t.Errorf("after a minute a wrong token is answered by %d", got)
			}
		}
	})
	t.Run("and guesses at the same time are counted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var looked atomic.Int64
			var all sync.WaitGroup
			for range 200 {
				all.Go(func() {
					if ask("192.0.2.1:1", wrong) == http.StatusUnauthorized {
						looked.Add(1)
					}
				})
			}
			all.Wait()
			if looked.Load() != 5 {
				t.Errorf("%d wrong tokens were looked at", looked.Load())
			}
		})
	})
	t.Run("and guesses from very many addresses are slowed together", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			for n := range 10_020 {
				ask(fmt.Sprintf("10.%d.%d.%d:1", n>>16, n>>8&255, n&255), wrong)
			}
			if got := ask("198.51.100.1:1", wrong); got != http.StatusTooManyRequests {
				t.Errorf("one more is answered by %d", got)
			}
			if got := ask("10.0.0.1:1", annsToken); got != http.StatusOK {
				t.Errorf("one who is known is answered by %d", got)
			}
		})
	})
}

func TestTokensAreRead(t *testing.T) {
	t.Parallel()
	got, err := server.ParseTokens([]byte("# people\nann=" + annsToken + "\r\n\n  ci@build = " + cisToken + "  \n"))
	if diff := cmp.Diff(map[string]string{"ann": annsToken, "ci@build": cisToken}, got); diff != "" || err != nil {
		t.Errorf("the tokens differ (-want +got):\n%s\n%v", diff, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                   {"# nobody\n", "there is no line NAME=TOKEN"},
		"a token without a name":    {"\nhunter2hunter2hunter2", "line 2: it must have the form NAME=TOKEN"},
		"a name of two words":       {"hunter2 x=" + annsToken, "line 1: the name of the token may have letters"},
		"no name":                   {"=hunter2hunter2hunter2", "line 1: the name of the token may have"},
		"a name that is given away": {"session=hunter2hunter2hunter2", "cannot have the name session"},
		"a short token":             {"ann=hunter2", "line 1: the token of ann must have at least 16 characters"},
		"a name twice":              {"ann=" + annsToken + "\nann=hunter2hunter2hunter2", "line 2: its name was given before"},
		"a token twice":             {"ann=hunter2hunter2hunter2\nbob=hunter2hunter2hunter2", "the tokens of ann and bob are the same"},
		"a line that does not end":  {"ann=" + strings.Repeat("hunter2", 100_000), "a line is too long"},
		"a control character":       {"ann=hunter2hunter2hunter2\x00", "line 1: the token of ann may have no spaces and no control characters"},
		"a token of two words":      {"ann=hunter2 hunter2hunter2", "line 1: the token of ann may have no spaces"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := server.ParseTokens([]byte(c.text)); err == nil || !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error is %v", err)
			}
		})
	}
	t.Run("and checked by New too", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, nil)
		for want, tokens := range map[string]map[string]string{
			"at least 16 characters": {"ann": "short"}, "may have letters": {"": annsToken}, "are the same": {"ann": annsToken, "bob": annsToken}, "also the one without a name": {"ann": token},
		} {
			config := server.Config{Inspector: s.inspect, Launcher: s.launcher, Token: token, Tokens: tokens}
			if _, err := server.New(config); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: the error is %v", tokens, err)
			}
		}
	})
}

func FuzzParseTokens(f *testing.F) {
	f.Add("ann=" + annsToken + "\n#x\nb = c")
	f.Fuzz(func(t *testing.T, text string) {
		tokens, err := server.ParseTokens([]byte(text))
		if err == nil && len(tokens) == 0 {
			t.Error("there are no tokens and there is no error")
		}
		for name, one := range tokens {
			if len(one) < 16 || strings.ContainsAny(name, " =\n") {
				t.Errorf("%q is the token of %q", one, name)
			}
		}
	})
}
