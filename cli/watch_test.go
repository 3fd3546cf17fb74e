//go:build unix

package cli_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// watchedProgram is a program in a module of its own, which a test edits.
type watchedProgram struct {
	t      *testing.T
	folder string
	binary string
	work   string // the value of GOWORK
	named  string // the file with the name of the asset
}

// newWatchedProgram makes a module that has the requirements of this one, so that nothing
// needs to be downloaded.
func newWatchedProgram(t *testing.T) *watchedProgram {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	p := &watchedProgram{t: t, folder: filepath.Join(t.TempDir(), "shop"), binary: filepath.Join(t.TempDir(), "shop"), work: "off", named: "names/names.go"}
	if err := os.MkdirAll(filepath.Join(p.folder, "names"), 0o700); err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("go.mod", strings.Replace(string(module), "module github.com/fxrun/fxrun", "module shop", 1)+
		"\nrequire github.com/fxrun/fxrun v0.0.0\n\nreplace github.com/fxrun/fxrun => "+root+"\n")
	p.write("go.sum", string(sums))
	p.write("main.go", `package main

import (
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"

	"shop/names"
)

func main() {
	cli.Main(assets.New(names.First, func() int { return 1 }))
}
`)
	p.name("first")
	return p
}

// build builds the program, from the folder as the test names it.
func (p *watchedProgram) build() {
	p.t.Helper()
	build := exec.CommandContext(p.t.Context(), "go", "build", "-o", p.binary, ".")
	build.Dir, build.Env = p.folder, append(os.Environ(), "GOWORK="+p.work, "PWD="+p.folder)
	if text, err := build.CombinedOutput(); err != nil {
		p.t.Fatalf("building the program: %v\n%s", err, text)
	}
}

// write writes a file as many editors do: under another name, and then renames it.
func (p *watchedProgram) write(name, text string) {
	p.t.Helper()
	file := filepath.Join(p.folder, name)
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		p.t.Fatal(err)
	}
}

// name changes the name of the asset, in a package that main imports.
func (p *watchedProgram) name(name string) {
	p.t.Helper()
	p.write(p.named, "package names\n\nconst First = \""+name+"\"\n")
}

// watching is dev --watch of the program.
type watching struct {
	*process

	t       *testing.T
	address string
	folder  string // for builds
}

func (p *watchedProgram) watch(addr string) *watching {
	p.t.Helper()
	p.build()
	return p.watchBuilt(addr)
}

func (p *watchedProgram) watchBuilt(addr string) *watching {
	p.t.Helper()
	w := &watching{t: p.t, folder: p.t.TempDir(), process: &process{Cmd: exec.Command(p.binary, "dev", "--watch", "--no-open", "--addr", addr)}} //nolint:noctx // it is ended below
	w.Env = append(os.Environ(), "GOWORK="+p.work, "TMPDIR="+w.folder)
	w.begin(p.t, false)
	w.address = pagesOf(p.t, w.process)
	p.t.Cleanup(func() { _ = w.Process.Kill() })
	return w
}

// waitFor asks until the pages say something.
func (w *watching) waitFor(path string, holds func(status int, text string) bool) {
	w.t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		status, text := ask(w.t, http.MethodGet, w.address+path)
		if holds(status, text) {
			return
		}
		if time.Since(began) > 3*time.Minute {
			w.t.Fatalf("%s answers %d after three minutes:\n%s\nstandard error:\n%s", path, status, text, w.err.String())
		}
	}
}

// has waits for a page with a text.
func (w *watching) has(path, text string) {
	w.t.Helper()
	w.waitFor(path, func(status int, page string) bool { return status == http.StatusOK && strings.Contains(page, text) })
}

// problem waits until the pages tell of a problem with a text, or of none for "".
func (w *watching) problem(text string) {
	w.t.Helper()
	w.waitFor("watch", func(_ int, answer string) bool {
		var told struct{ Version, Problem string }
		if json.Unmarshal([]byte(answer), &told) != nil {
			return false
		}
		return text == "" && told.Problem == "" || text != "" && strings.Contains(told.Problem, text)
	})
}

// gone waits until nobody listens.
func (w *watching) gone() {
	w.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		answer, err := client.Get(w.address) //nolint:noctx // it ends soon
		if err != nil {
			return
		}
		_ = answer.Body.Close()
		if time.Since(began) > time.Minute {
			w.t.Fatal("somebody still answers after a minute")
		}
	}
}

func (w *watching) leavesNothing() {
	w.t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		left, err := filepath.Glob(filepath.Join(w.folder, "fxrun-watch-*"))
		if err == nil && len(left) == 0 {
			return
		}
		if time.Since(began) > time.Minute {
			w.t.Fatalf("%v are left, %v", left, err)
		}
	}
}

func TestDevWatchesTheFilesOfTheProgram(t *testing.T) {
	program := newWatchedProgram(t)
	newHome(t)
	w := program.watch("127.0.0.1:0")
	w.has("assets", "first")

	// No request is refused while one process takes over from another.
	var asked sync.WaitGroup
	var ends atomic.Bool
	asked.Go(func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		for !ends.Load() {
			answer, err := client.Get(w.address + "assets") //nolint:noctx // it ends soon
			if err != nil {
				t.Errorf("a request was refused: %v", err)
				return
			}
			_ = answer.Body.Close()
		}
	})
	program.name("second")
	w.has("assets", "second")
	ends.Store(true)
	asked.Wait()

	program.write("names/names.go", "package names\n\nconst First =\n")
	w.problem("names.go:4:1: syntax error")
	w.has("assets", "second") // the old process goes on
	program.name("")          // it is built, and refused by its start
	w.problem("the program was built, and does not start: exit status 64")
	w.has("assets", "second")
	program.name("third")
	w.has("assets", "third")
	w.problem("")

	w.signal(t, syscall.SIGTERM)
	if _, code := w.rest(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, w.err.String())
	}
	w.gone()
	w.leavesNothing()
}

// TestDevGoesOnAfterBuildsThatHang builds a program that never serves, and one that ends and
// leaves behind a process that keeps its output.
func TestDevGoesOnAfterBuildsThatHang(t *testing.T) {
	program := newWatchedProgram(t)
	newHome(t)
	w := program.watch("127.0.0.1:0")
	w.has("assets", "first")
	note := filepath.Join(t.TempDir(), "note") // that the program of a test has come so far
	noted := func() string {
		t.Helper()
		for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
			if text, err := os.ReadFile(note); err == nil && len(text) > 0 {
				return string(text)
			}
			if time.Since(began) > 3*time.Minute {
				t.Fatal("the program does not begin")
			}
		}
	}
	program.write(program.named, `package names

import (
	"os"
	"time"
)

const First = "never"

func init() {
	_ = os.WriteFile("`+note+`", []byte("hangs"), 0o600)
	time.Sleep(time.Hour)
}
`)
	noted()
	program.name("second")
	w.has("assets", "second")

	if err := os.Remove(note); err != nil {
		t.Fatal(err)
	}
	program.write(program.named, `package names

import (
	"os"
	"os/exec"
	"strconv"
)

const First = "left"

func init() {
	left := exec.Command("sleep", "600")
	left.Stderr = os.Stderr
	if left.Start() == nil {
		_ = os.WriteFile("`+note+`", []byte(strconv.Itoa(left.Process.Pid)), 0o600)
	}
	os.Exit(3)
}
`)
	left, err := strconv.Atoi(noted())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(left, syscall.SIGKILL) })
	w.problem("the program was built, and does not start: exit status 3")
	program.name("third")
	w.has("assets", "third")
	w.signal(t, syscall.SIGTERM)
	if _, code := w.rest(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, w.err.String())
	}
	if err := syscall.Kill(left, syscall.SIGKILL); err != nil { // it has the socket too
		t.Error(err)
	}
	w.gone()
	w.leavesNothing()
}

func TestAKilledWatcherLeavesNothing(t *testing.T) {
	program := newWatchedProgram(t)
	newHome(t)
	program.build()
	program.write("names/names.go", "package names\n\nconst First =\n")
	w := program.watchBuilt("127.0.0.1:0")
	w.waitFor("", func(status int, page string) bool { // a broken program at the start
		return status == http.StatusServiceUnavailable && strings.Contains(page, "syntax error")
	})
	program.name("first")
	w.has("assets", "first")
	if err := w.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = w.Wait()
	w.gone()
	w.leavesNothing()
}

// TestDevWatchesWhereverTheFilesAre changes a program whose files, or whose address, are not
// where they are most often.
func TestDevWatchesWhereverTheFilesAre(t *testing.T) {
	for name, prepare := range map[string]func(p *watchedProgram) (addr string){
		"a module behind a symbolic link, with a package that is one": func(p *watchedProgram) string {
			link, elsewhere := filepath.Join(p.t.TempDir(), "link"), filepath.Join(p.t.TempDir(), "elsewhere")
			if err := os.Rename(filepath.Join(p.folder, "names"), elsewhere); err != nil {
				p.t.Fatal(err)
			}
			p.link(elsewhere, filepath.Join(p.folder, "names"))
			p.link(p.folder, link)
			p.folder = link
			listener, err := (&net.ListenConfig{}).Listen(p.t.Context(), "tcp", "[::1]:0")
			if err != nil {
				return "127.0.0.1:0" // this machine has no IPv6
			}
			_ = listener.Close()
			return "[::1]:0"
		},
		"a module of a go.work": func(p *watchedProgram) string {
			library := filepath.Join(filepath.Dir(p.folder), "library")
			if err := os.MkdirAll(filepath.Join(library, "names"), 0o700); err != nil {
				p.t.Fatal(err)
			}
			p.write("../library/go.mod", "module library\n\ngo 1.26.0\n")
			p.write("../go.work", "go 1.26.0\n\nuse (\n\t./shop\n\t./library\n)\n")
			main, err := os.ReadFile(filepath.Join(p.folder, "main.go"))
			if err != nil {
				p.t.Fatal(err)
			}
			p.write("main.go", strings.Replace(string(main), `"shop/names"`, `"library/names"`, 1))
			p.work, p.named = "", "../library/names/names.go"
			p.name("first")
			return "127.0.0.1:0"
		},
	} {
		t.Run(name, func(t *testing.T) {
			program := newWatchedProgram(t)
			newHome(t)
			w := program.watch(prepare(program))
			w.has("assets", "first")
			program.name("second")
			w.has("assets", "second")
			w.signal(t, syscall.SIGTERM)
			if _, code := w.rest(t); code != 0 {
				t.Errorf("exit code %d\n%s", code, w.err.String())
			}
			w.gone()
			w.leavesNothing()
		})
	}
}

func (p *watchedProgram) link(from, to string) {
	p.t.Helper()
	if err := os.Symlink(from, to); err != nil {
		p.t.Fatal(err)
	}
}
