// Package postgrestest runs a real PostgreSQL for tests: a private server in a
// temporary folder, reached by a unix socket only, gone with the test binary.
//
//	var server postgrestest.Server
//
//	func TestMain(m *testing.M) {
//		goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) { server.Stop(); os.Exit(code) }))
//	}
//
//	func TestOrders(t *testing.T) {
//		dsn := server.Database(t)
//		...
//	}
//
// Test binaries that run at the same time have servers of their own. Root's
// server runs as user postgres, or nobody. POSTGRES_BIN in the environment says
// which initdb and pg_ctl to use, where there are several.
package postgrestest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// User and Password are the superuser's of every [Server].
const (
	User     = "tester"
	Password = "hunter2-of-tests"
)

// Server is a PostgreSQL server that starts when the first test asks for a
// database. The zero value is ready for use; one for a test binary is enough.
// Its methods are safe for concurrent use.
type Server struct {
	// Host is an IP address on which the server listens too, at port 5432, for clients with
	// addresses of the same networks. Without it, the server has its unix socket only. It is not
	// changed after the first database.
	Host string

	mu        sync.Mutex
	started   bool
	fault     error // why it did not start
	folder    string
	process   *exec.Cmd
	lifeline  io.WriteCloser // takes commands; the server goes when it is closed, or this process ends
	says      *os.File       // answers to commands
	answers   *bufio.Reader  // reads says
	databases int
}

// ErrNotInstalled says that there is no PostgreSQL.
var ErrNotInstalled = errors.New("this test needs PostgreSQL's server: apt-get install postgresql, or what your system has in its place (its initdb and pg_ctl are looked for on PATH too, or in POSTGRES_BIN)")

// Database returns the connection URL of a new, empty database, which is
// dropped at the end of the test. Where no PostgreSQL is installed it skips the
// test, and fails it if the environment says CI.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	address := s.NewDatabase(t)
	name := path.Base(strings.SplitN(address, "?", 2)[0])
	t.Cleanup(func() {
		if err := s.administer(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	return address
}

// NewDatabase is like [Server.Database] and leaves the database in place at the end of the
// test, for a test that kills its server.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	address, err := s.Open(t.Context())
	if errors.Is(err, ErrNotInstalled) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Open is like [Server.NewDatabase], for a program that is no test. The caller stops the server.
func (s *Server) Open(ctx context.Context) (address string, err error) {
	name, err := s.nextDatabase()
	if err != nil {
		return "", err
	}
	if err := s.administer(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	return s.url(name), nil
}

// Stop ends the server and removes its folder. Without a server it does
// nothing. Databases can be had no more.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	_ = s.lifeline.Close()
	_ = s.process.Wait()
	_ = s.says.Close()
	s.process, s.fault = nil, errors.New("the PostgreSQL of this test binary has been stopped")
}

func (s *Server) nextDatabase() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started {
		s.started, s.fault = true, s.start()
	}
	s.databases++
	return fmt.Sprintf("test%d", s.databases), s.fault
}

// keeper runs the server for as long as its input is open, which is as long as
// the test binary lives: also a test that is killed leaves nothing behind. Signals for
// the binary's process group are not for the keeper.
const keeper = `
trap '' HUP INT TERM
bin=$1 dir=$2 user=$3 host=$4
if "$bin/initdb" -D "$dir/data" -U "$user" --pwfile="$dir/password" -A scram-sha-256 --no-sync -E UTF8 --locale=C &&
	echo "host all all samenet scram-sha-256" >>"$dir/data/pg_hba.conf" &&
	"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start -o "-k '$dir' -c listen_addresses='$host' \
		-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=500" 3>&-
then echo ready >&3
else echo failed >&3
fi >>"$dir/log" 2>&1
while read -r command signal; do
	case $command in
	start) "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start -o "-k '$dir' -c listen_addresses='$host' \
		-c fsync=off -c full_page_writes=off -c max_connections=500" 3>&- >>"$dir/log" 2>&1 ;;
	signal)
		server=$(head -n 1 "$dir/data/postmaster.pid")
		kill -STOP "$server" # it starts no more processes
		children=$(ps -A -o pid= -o ppid= | while read -r pid parent; do [ "$parent" = "$server" ] && echo "$pid"; done)
		for pid in $children; do kill "-$signal" "$pid" || :; done # one may have ended meanwhile
		kill "-$signal" "$server" ;;
	gone)
		while kill -0 $server $children 2>/dev/null; do sleep 0.01; done ;;
	esac && echo done >&3 || echo failed >&3
done 2>>"$dir/log"
"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$dir"
`

func (s *Server) start() error {
	programs, err := findPrograms()
	if err != nil {
		return err
	}
	if s.folder, err = makeFolder(); err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	says, told, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	s.process = exec.Command("sh", "-c", keeper, "sh", programs, s.folder, User, s.Host)
	s.process.Dir = s.folder
	s.process.ExtraFiles = []*os.File{told}
	s.process.SysProcAttr = asOrdinaryUser()
	if s.lifeline, err = s.process.StdinPipe(); err == nil {
		err = s.process.Start()
	}
	_ = told.Close()
	if err != nil {
		s.process = nil
		return fmt.Errorf("starting PostgreSQL: %w", errors.Join(err, os.RemoveAll(s.folder)))
	}
	s.says, s.answers = says, bufio.NewReader(says)
	if line, _ := s.answers.ReadString('\n'); line != "ready\n" {
		log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
		return fmt.Errorf("starting PostgreSQL with the programs in %s:\n%s", programs, log)
	}
	return nil
}

// makeFolder returns a new folder that the server's user owns. It is short: the
// path of a unix socket holds a hundred bytes.
func makeFolder() (string, error) {
	parent := os.TempDir()
	if len(parent) > 60 {
		parent = "/tmp"
	}
	folder, err := os.MkdirTemp(parent, "postgrestest-")
	if err != nil {
		return "", err
	}
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte(Password), 0o600); err != nil {
		return "", err
	}
	return folder, errors.Join(giveAway(folder), giveAway(password))
}

// findPrograms returns the folder of initdb and pg_ctl. Debian keeps them off
// the PATH, in a folder for each version.
func findPrograms() (string, error) {
	if folder := os.Getenv("POSTGRES_BIN"); folder != "" {
		if !holdsServer(folder) {
			return "", fmt.Errorf("%w; POSTGRES_BIN is %s", ErrNotInstalled, folder)
		}
		return folder, nil
	}
	var folders []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		folders = append(folders, found...)
	}
	for _, folder := range append(folders, filepath.SplitList(os.Getenv("PATH"))...) {
		if holdsServer(folder) {
			return folder, nil
		}
	}
	return "", ErrNotInstalled
}

func holdsServer(folder string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

func (s *Server) url(database string) string {
	address := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(User, Password),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {s.folder}}.Encode(),
	}
	return strings.Replace(address.String(), "///", "//localhost/", 1)
}

func (s *Server) administer(ctx context.Context, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return fmt.Errorf("administering the test's PostgreSQL: %w", err)
	}
	defer conn.Close(ctx) //nolint:errcheck // nothing is lost
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("administering the test's PostgreSQL: %s: %w", statement, err)
	}
	return nil
}
