package postgrestest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PgBouncer starts a real PgBouncer before a new database. It returns the URL of that database in
// it. Where no PgBouncer is installed it skips the test.
func (s *Server) PgBouncer(t testing.TB, mode string) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		t.Skip("this test needs PgBouncer: apt-get install pgbouncer, or what your system has in its place; a pooler of the tests stands for it elsewhere")
	}
	direct, err := url.Parse(s.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	sockets := direct.Query().Get("host")
	folder, err := makeFolder()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	name := strings.TrimPrefix(direct.Path, "/")
	files := map[string]string{
		"users.txt": fmt.Sprintf("%q %q\n", User, Password),
		"pgbouncer.ini": fmt.Sprintf("[databases]\n%s = host=%s dbname=%s\n[pgbouncer]\nlisten_addr =\nunix_socket_dir = %s\nauth_type = scram-sha-256\n"+
			"auth_file = %s/users.txt\npool_mode = %s\n", name, sockets, name, folder, folder, mode),
	}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), program, filepath.Join(folder, "pgbouncer.ini"))
	command.SysProcAttr = asOrdinaryUser() // PgBouncer refuses to run as root
	for file := range files {
		if err := giveAway(filepath.Join(folder, file)); err != nil {
			t.Fatal(err)
		}
	}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // which says that it was killed
		if t.Failed() {
			t.Log(output.String())
		}
	})
	address := fmt.Sprintf("postgres://%s:%s@/%s?host=%s&port=6432", User, Password, name, url.QueryEscape(folder))
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) { // until it listens
		connection, err := pgx.Connect(t.Context(), address)
		if err == nil {
			_ = connection.Close(t.Context())
			return address
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("PgBouncer does not answer: %v", err)
		}
	}
}
