package api_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is a program without definitions, with a run that goes on.
type program struct {
	*api.API

	t     *testing.T
	store history.Store
}

func newProgram(t *testing.T) *program {
	t.Helper()
	c, err := container.New()
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, store: history.NewMemoryStore()}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: p.store})
	if err != nil {
		t.Fatal(err)
	}
	p.API, err = api.New(api.Config{Inspector: inspect.New(c, graph, p.store), Graph: graph, Launcher: launcher})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	p.append(history.RunQueued{Selection: "slow", Steps: []string{"slow"}}, history.RunStarting{Owner: "other"}, history.RunStarted{})
	return p
}

func (p *program) append(data ...history.EventData) {
	p.t.Helper()
	for _, one := range data {
		if _, err := p.store.Append(p.t.Context(), history.Event{RunID: "r", Time: time.Now(), Data: one}); err != nil {
			p.t.Fatal(err)
		}
	}
}

// slowClient takes a time for each write, and keeps what is written.
type slowClient struct {
	header   http.Header
	takes    time.Duration
	deadline time.Time

	mu   sync.Mutex
	text strings.Builder
}

func (c *slowClient) Header() http.Header                       { return c.header }
func (c *slowClient) WriteHeader(int)                           {}
func (c *slowClient) Flush()                                    {}
func (c *slowClient) SetWriteDeadline(deadline time.Time) error { c.deadline = deadline; return nil }

func (c *slowClient) Write(text []byte) (int, error) {
	if limit := time.Until(c.deadline); c.takes > limit {
		time.Sleep(limit)
		return 0, os.ErrDeadlineExceeded
	}
	time.Sleep(c.takes)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(text)
	return len(text), nil
}

func (c *slowClient) got() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// follow answers a client that follows the run, and returns what is closed at the end.
func (p *program) follow(c *slowClient) <-chan struct{} {
	ended := make(chan struct{})
	c.header = make(http.Header)
	request := httptest.NewRequestWithContext(p.t.Context(), http.MethodGet, "/api/v1/runs/r/follow", nil)
	go func() {
		defer close(ended)
		p.ServeHTTP(c, request)
	}()
	return ended
}

func TestAClientThatReadsNothingIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		begun := time.Now()
		<-p.follow(&slowClient{takes: time.Hour})
		if took := time.Since(begun); took > 11*time.Second {
			t.Errorf("it was dropped after %v", took)
		}
	})
}

func TestAClientThatIsTooSlowIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		slow, fast := &slowClient{takes: 9 * time.Second}, &slowClient{}
		slowEnd, fastEnd := p.follow(slow), p.follow(fast)
		for range 300 { // a minute
			time.Sleep(200 * time.Millisecond)
			p.append(history.LogWritten{Message: "a line"})
		}
		p.append(history.RunFinished{Status: history.StatusFailed})
		<-fastEnd
		<-slowEnd
		if lines := strings.Count(fast.got(), "a line"); lines != 300 || !strings.Contains(fast.got(), "event: end") {
			t.Errorf("the fast client has got %d lines", lines)
		}
		if strings.Contains(slow.got(), "event: end") {
			t.Error("the slow client was not dropped")
		}
	})
}

func TestAStreamSaysThatItIsStillThere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		client := &slowClient{}
		end := p.follow(client)
		time.Sleep(40 * time.Second)
		if got := strings.Count(client.got(), ": still here"); got != 2 {
			t.Errorf("it says so %d times", got)
		}
		p.Close()
		<-end
		if strings.Contains(client.got(), "event: end") {
			t.Error("the end of the server counts as the end of the run")
		}
	})
}

func TestTheProgressOfAStepIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		client := &slowClient{}
		end := p.follow(client)
		p.append(history.StepStarted{Step: "slow", Attempt: 1}, history.StepProgress{Step: "slow", Rows: 5, Total: 10})
		time.Sleep(time.Second)
		p.append(history.RunFinished{Status: history.StatusFailed})
		<-end
		if got := strings.Count(client.got(), "event: progress\n"); got != 1 || !strings.Contains(client.got(), `"rows":5,"total":10`) {
			t.Errorf("the stream is\n%s", client.got())
		}
	})
}

func TestThereAreOnlySoManyStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProgram(t)
		var ends []<-chan struct{}
		for range 1000 {
			ends = append(ends, p.follow(&slowClient{}))
		}
		synctest.Wait()
		ask := func() *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			p.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/runs/r/follow", nil))
			return answer
		}
		if got := ask(); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
			t.Errorf("one more is answered by %d", got.Code)
		}
		p.append(history.RunFinished{Status: history.StatusFailed})
		for _, end := range ends {
			<-end
		}
		if got := ask(); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "event: end") {
			t.Errorf("later it is answered by %d", got.Code)
		}
	})
}

func TestTheHeadOfAStreamEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answer := httptest.NewRecorder()
		newProgram(t).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/api/v1/runs/r/follow", nil))
		if answer.Code != http.StatusOK || answer.Body.Len() > 0 {
			t.Errorf("the answer is %d %q", answer.Code, answer.Body)
		}
	})
}
