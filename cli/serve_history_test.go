package cli_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
)

func TestServeSaysWhereTheHistoryIs(t *testing.T) {
	definitions := []fx.Option{assets.New("number", func() int { return 1 })}
	own := fx.Provide(func() history.Store { return history.NewMemoryStore() })
	for name, test := range map[string]struct {
		definitions []fx.Option
		want        string
		made        bool
	}{
		"in the home": {definitions: definitions, want: "SQLite, in the home", made: true},
		"in the store of the program, and makes no home": {definitions: append([]fx.Option{own}, definitions...), want: "the store that the program provides"},
	} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			lines, out := io.Pipe()
			done := make(chan int, 1)
			var messages strings.Builder
			go func() {
				defer out.Close()
				done <- cli.Run(ctx, []string{"serve", "--addr", "127.0.0.1:0"}, cli.Streams{Out: out, Err: &messages}, test.definitions...)
			}()
			line, err := bufio.NewReader(lines).ReadString('\n')
			_, address, ok := strings.Cut(strings.TrimSpace(line), "the pages are at ")
			if err != nil || !ok {
				t.Fatalf("the output is %q, %v", line, err)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"instance", nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || !strings.Contains(string(page), test.want) {
				t.Errorf("the page lacks %q: %v\n%s", test.want, err, page)
			}
			http.DefaultClient.CloseIdleConnections()
			cancel()
			if code := <-done; code != 0 {
				t.Errorf("exit code %d\n%s", code, messages.String())
			}
			if _, err := os.Stat(fxrun.Home()); errors.Is(err, fs.ErrNotExist) == test.made {
				t.Errorf("the home: %v", err)
			}
		})
	}
}
