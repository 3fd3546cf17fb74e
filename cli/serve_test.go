package cli_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
)

// pagesOf waits until a command tells the address of its pages.
func pagesOf(t *testing.T, p *process) string {
	t.Helper()
	for p.lines.Scan() {
		if address, ok := strings.CutPrefix(p.lines.Text(), "the pages are at "); ok {
			return address
		}
	}
	t.Fatalf("no address was told; standard error:\n%s", p.err.String())
	return ""
}

// ask sends a request and returns the status and the text of the answer.
func ask(t *testing.T, method, address string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestServeRefusesWrongFlags(t *testing.T) {
	newHome(t)
	t.Setenv("FXRUN_TOKEN", "")
	for name, text := range map[string]string{"empty": " \n", "short": "abc\n", "guessed": "ann=abc\nbob=correct-horse-battery"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, c := range map[string]struct{ args, want string }{
		"an address of others without a token": {"serve --addr 0.0.0.0:0", "--addr 0.0.0.0:0: other machines may reach this address, so it needs a token"},
		"every address without a token":        {"serve --addr :0", "needs a token"},
		"an address of others for dev":         {"dev --no-open --addr 0.0.0.0:0", "dev serves this machine alone"},
		"no port":                              {"serve --addr localhost", "it must have the form HOST:PORT"},
		"a token file that is not there":       {"serve --token-file none", "--token-file: open none"},
		"an empty token file":                  {"serve --token-file empty", "empty is empty"},
		"tokens without names":                 {"serve --tokens-file short", "--tokens-file short: line 1: it must have the form NAME=TOKEN"},
		"a file of tokens that is not there":   {"serve --tokens-file none", "--tokens-file: open none"},
		"a file without tokens":                {"serve --tokens-file empty", "--tokens-file empty: there is no line NAME=TOKEN"},
		"a named token that can be guessed":    {"serve --tokens-file guessed", "--tokens-file guessed: line 1: the token of ann must have at least 16 characters"},
		"a token that can be guessed":          {"serve --addr 127.0.0.1:0 --token-file short", "at least 16 characters"},
		"a certificate without a key":          {"serve --addr 127.0.0.1:0 --tls-cert empty", "must be given together"},
		"a certificate that is none":           {"serve --addr 127.0.0.1:0 --tls-cert empty --tls-key empty", "--tls-cert and --tls-key: "},
		"a queue that is left to others":       {"serve --no-daemon --max-runs 2", "--max-runs is for the queue"},
		"no queued runs":                       {"dev --max-runs 0", "--max-runs 0: it must be at least 1"},
		"an unknown unit":                      {"dev --isolate asset", `--isolate "asset"`},
		"an unknown choice of requests":        {"serve --log-requests some", `--log-requests "some": it takes all or changes`},
		"a negative interval of checks":        {"serve --addr 127.0.0.1:0 --check-resources -1s", "--check-resources -1s: it cannot be negative"},
		"checks without a pause":               {"serve --addr 127.0.0.1:0 --check-resources 1ms", "--check-resources 1ms: it must be at least 1s, since each check starts and stops all resources"},
		"no time for requests":                 {"serve --addr 127.0.0.1:0 --drain 0s", "--drain 0s: it must be longer than 0s"},
		"a prefix without a slash":             {"serve --addr 127.0.0.1:0 --prefix fxrun", `the prefix "fxrun" must begin with a slash`},
		"a port that is taken":                 {"serve --addr " + taken.Addr().String(), "address already in use"},
		"a port that was chosen and is taken":  {"dev --no-open --addr " + taken.Addr().String(), "address already in use"},
		"an argument":                          {"serve here", "here"},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, []fx.Option{assets.New("one", func() int { return 1 })}, strings.Fields(c.args)...)
			if got.code == 0 || got.out != "" || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d\n%s%s", got.code, got.out, got.err)
			}
			if want := 64; got.code != want && !strings.Contains(name, "taken") {
				t.Errorf("exit code %d, want %d", got.code, want)
			}
		})
	}
	if _, err := os.Stat("home"); !os.IsNotExist(err) {
		t.Errorf("a refused command has made the home: %v", err)
	}
}

func TestServeAnswersUntilItIsToldToStop(t *testing.T) {
	for _, command := range []string{"serve", "dev --no-open"} {
		for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
			t.Run(command+" ends by "+s.String(), func(t *testing.T) {
				newHome(t)
				p := start(t, "free", append(strings.Fields(command), "--addr", "127.0.0.1:0")...)
				address := pagesOf(t, p)
				if status, text := ask(t, http.MethodGet, address+"lineage"); status != http.StatusOK || !strings.Contains(text, "one") {
					t.Errorf("the page answers %d: %s", status, text)
				}
				p.signal(t, s)
				if out, code := p.rest(t); code != 0 || !strings.Contains(out, "first stopped") {
					t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
				}
			})
		}
	}
}

func TestServeTakesTokensWithNames(t *testing.T) {
	newHome(t)
	const one, ann, ci = "correct-horse-battery", "annual-paper-lantern", "continuous-integration"
	if err := os.WriteFile("tokens", []byte("# people\nann="+ann+"\nci="+ci+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		variables [2]string
		args      string
	}{
		"from a file":               {[2]string{one, ""}, "--tokens-file tokens"},
		"from the environment":      {[2]string{one, "ann=" + ann + "\nci=" + ci}, ""},
		"without one that has none": {[2]string{"", "ann=" + ann}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FXRUN_TOKEN", c.variables[0])
			t.Setenv("FXRUN_TOKENS", c.variables[1])
			p := start(t, "free", append([]string{"serve", "--addr", "0.0.0.0:0"}, strings.Fields(c.args)...)...)
			address := pagesOf(t, p)
			if status, _ := ask(t, http.MethodGet, address+"runs"); status != http.StatusUnauthorized {
				t.Errorf("without a token the answer is %d", status)
			}
			if status, _ := ask(t, http.MethodGet, address+"runs", "Authorization", "Bearer "+one); (status == http.StatusOK) != (c.variables[0] != "") {
				t.Errorf("the token without a name is answered by %d", status)
			}
			if status, text := ask(t, http.MethodPost, address+"launch?select=one", "Authorization", "Bearer "+ann); status >= http.StatusBadRequest {
				t.Errorf("the launch is answered by %d: %s", status, text)
			}
			p.signal(t, syscall.SIGTERM)
			if _, code := p.rest(t); code != 0 || !strings.Contains(p.err.String(), "msg=audit action=launch by=ann") || strings.Contains(p.err.String(), ann) {
				t.Errorf("exit code %d\n%s", code, p.err.String())
			}
		})
	}
}

func TestTheEndOfServeEndsStreamsAndRuns(t *testing.T) {
	newHome(t)
	p := start(t, "slow", "serve", "--addr", "127.0.0.1:0")
	address := pagesOf(t, p)
	if status, text := ask(t, http.MethodPost, address+"launch?select=forever"); status != http.StatusOK { // that of the page of the run
		t.Fatalf("the launch is answered by %d: %s", status, text)
	}
	p.until(t, "step runs")
	_, page := ask(t, http.MethodGet, address+"runs")
	_, after, _ := strings.Cut(page, `href="/runs/`)
	id, _, _ := strings.Cut(after, `"`)
	stream := watch(t, address+"runs/"+id+"/live")
	p.signal(t, syscall.SIGTERM)
	for range stream { // it ends, though the run goes on
	}
	out, code := p.rest(t)
	if code != 1 || !strings.Contains(out, "gate stopped") || !strings.Contains(p.err.String(), "cancelled runs under way: 1") {
		t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
	}
}

// watch returns the lines of a stream, after the first one.
func watch(t *testing.T, address string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the stream answers %d", answer.StatusCode)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	all := make(chan string)
	go func() {
		defer close(all)
		defer cancel()
		defer func() { _ = answer.Body.Close() }()
		for lines.Scan() {
			all <- lines.Text()
		}
	}()
	return all
}

func TestServeAsksForItsToken(t *testing.T) {
	newHome(t)
	const token = "open-sesame-0123456789"
	if err := os.WriteFile("token", []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "slow", "serve", "--addr", "0.0.0.0:0", "--token-file", "token", "--prefix", "/data/fxrun")
	address := pagesOf(t, p)
	if !strings.HasPrefix(address, "http://localhost:") || !strings.HasSuffix(address, "/data/fxrun/") {
		t.Errorf("the address is %s", address)
	}
	if status, text := ask(t, http.MethodGet, address); status != http.StatusUnauthorized || strings.Contains(text, "forever") {
		t.Errorf("without a token the answer is %d: %s", status, text)
	}
	if status, _ := ask(t, http.MethodGet, address+"assets", "Authorization", "Bearer "+token); status != http.StatusOK {
		t.Errorf("with the token the answer is %d", status)
	}
	if status, text := ask(t, http.MethodGet, address+"healthz"); status != http.StatusOK || text != "ok\n" {
		t.Errorf("the health is %d: %s", status, text)
	}
	p.signal(t, syscall.SIGTERM)
	if out, code := p.rest(t); code != 0 || strings.Contains(out+p.err.String(), token) {
		t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
	}
}

func TestServeReadOnlyLaunchesNothing(t *testing.T) {
	newHome(t)
	p := start(t, "slow", "serve", "--addr", "127.0.0.1:0", "--read-only")
	address := pagesOf(t, p)
	if status, text := ask(t, http.MethodPost, address+"launch?select=after"); status != http.StatusForbidden {
		t.Errorf("a launch is answered by %d: %s", status, text)
	}
	if status, text := ask(t, http.MethodGet, address); status != http.StatusOK || strings.Contains(text, `href="/launch"`) {
		t.Errorf("the page answers %d and has a launch", status)
	}
	p.signal(t, syscall.SIGTERM)
	if _, code := p.rest(t); code != 0 {
		t.Errorf("exit code %d: %s", code, p.err.String())
	}
}

func TestDevTakesAnotherPortIfItsOwnIsTaken(t *testing.T) {
	newHome(t)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:4400")
	if err == nil {
		defer func() { _ = taken.Close() }()
	}
	p := start(t, "slow", "dev", "--no-open")
	address := pagesOf(t, p)
	if status, _ := ask(t, http.MethodGet, address); status != http.StatusOK || strings.Contains(address, ":4400") {
		t.Errorf("%s answers %d", address, status)
	}
	p.signal(t, syscall.SIGTERM)
	if _, code := p.rest(t); code != 0 {
		t.Errorf("exit code %d: %s", code, p.err.String())
	}
}
