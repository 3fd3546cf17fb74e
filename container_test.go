// The tour of the API, in the order of the features that a data team asks of
// resources. Each test is a small program; read them from top to bottom.
package fxrun_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// host starts an Fx application with the definitions, as any program would,
// and returns its launcher.
func host(t *testing.T, options ...fx.Option) *runs.Launcher {
	t.Helper()
	var launcher *runs.Launcher
	app := fxtest.New(t, fxrun.Module, iomanagers.Memory("io_manager"), fx.Options(options...), fx.Populate(&launcher), fx.NopLogger)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return launcher
}

// materialize runs a selection to its end.
func materialize(t *testing.T, launcher *runs.Launcher, request runs.Request) {
	t.Helper()
	run, err := launcher.Launch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// stored returns an asset's stored value.
func stored[T any](t *testing.T, launcher *runs.Launcher, asset string) T {
	t.Helper()
	value, err := runs.Value[T](t.Context(), launcher, asset)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// ---- Defining a resource: a connection to an API that assets share ----

type ConnectionConfig struct {
	Username string `required:"true"`
	URL      string
}

// Connection has methods that depend on its config; assets call them.
type Connection struct{ cfg ConnectionConfig }

func NewConnection(cfg ConnectionConfig) *Connection { return &Connection{cfg} }

func (c *Connection) Request(ctx context.Context, endpoint string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.cfg.URL+"/"+endpoint, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("User-Agent", c.cfg.Username)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

type ServiceData string

// DataFromService is an asset: it asks for the connection by its type.
func DataFromService(ctx context.Context, conn *Connection) (ServiceData, error) {
	body, err := conn.Request(ctx, "fetch_data")
	return ServiceData(body), err
}

func TestConnectionResource(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s for %s", r.URL.Path, r.UserAgent())
	}))
	t.Cleanup(server.Close)
	launcher := host(t,
		container.Provide("my_conn", NewConnection, container.Config(ConnectionConfig{Username: "my_user", URL: server.URL})),
		assets.New("data_from_service", DataFromService),
	)
	materialize(t, launcher, runs.Request{Selection: "data_from_service"})
	if got := stored[ServiceData](t, launcher, "data_from_service"); got != "/fetch_data for my_user" {
		t.Errorf("got %q", got)
	}
}

// ---- Environment variables: read at launch, never shown if secret ----

type CredentialsConfig struct {
	Username string                   `envconfig:"USERNAME" required:"true"`
	Password container.Secret[string] `envconfig:"PASSWORD" required:"true"`
}

type Credentials struct {
	Username string
	Password container.Secret[string]
}

func NewCredentials(cfg CredentialsConfig) *Credentials {
	return &Credentials{Username: cfg.Username, Password: cfg.Password}
}

type Greeting string

func Greet(c *Credentials) Greeting {
	return Greeting(c.Username + " knows " + c.Password.Reveal())
}

func TestEnvironmentCredentials(t *testing.T) {
	launcher := host(t,
		container.Provide("credentials", NewCredentials, container.Config(CredentialsConfig{}, container.FromEnv("MY"))),
		assets.New("greeting", Greet),
	)

	_, err := launcher.Launch(t.Context(), runs.Request{Selection: "greeting"})
	for _, want := range []string{"MY_USERNAME", "MY_PASSWORD"} { // all that is missing, at once
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("without the environment: got %v, want it to name %s", err, want)
		}
	}

	t.Setenv("MY_USERNAME", "ada") // read at the launch, not when the application was built
	t.Setenv("MY_PASSWORD", "hunter2")
	materialize(t, launcher, runs.Request{Selection: "greeting"})
	if got := stored[Greeting](t, launcher, "greeting"); got != "ada knows hunter2" {
		t.Errorf("got %q", got)
	}
	prepared, err := launcher.Prepare(runs.Request{Selection: "greeting"})
	preview := prepared.Preview()
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%+v", preview.Resources); strings.Contains(shown, "hunter2") {
		t.Errorf("the secret is shown: %s", shown)
	}
}

// ---- Config at launch: another table for each run ----

type DatabaseConfig struct {
	Table string
	Rows  int `default:"1"`
}

type Database struct{ cfg DatabaseConfig }

func NewDatabase(cfg DatabaseConfig) *Database { return &Database{cfg} }

type DatabaseRows string

func DataFromDatabase(db *Database) DatabaseRows {
	return DatabaseRows(fmt.Sprintf("%d of %s", db.cfg.Rows, db.cfg.Table))
}

func TestTableGivenAtLaunch(t *testing.T) {
	launcher := host(t,
		container.Provide("db_conn", NewDatabase, container.Config(DatabaseConfig{}, container.AtLaunch("Table"))),
		assets.New("data_from_database", DataFromDatabase),
		assets.NewJob("update_data", assets.Select("data_from_database")),
	)

	t.Run("each run gets its own table", func(t *testing.T) {
		for _, table := range []string{"customers", "orders", "invoices"} {
			materialize(t, launcher, runs.Request{Job: "update_data", Config: container.RunConfig{
				Resources: map[string]any{"db_conn": DatabaseConfig{Table: table}},
			}})
			if got := stored[DatabaseRows](t, launcher, "data_from_database"); got != DatabaseRows("1 of "+table) {
				t.Errorf("got %q for %s", got, table)
			}
		}
	})

	t.Run("as YAML, other fields too, with line and column in errors", func(t *testing.T) {
		config, err := container.ParseRunConfig([]byte("resources:\n  db_conn:\n    config: {table: users, rows: 7}\n"))
		if err != nil {
			t.Fatal(err)
		}
		materialize(t, launcher, runs.Request{Job: "update_data", Config: config})
		if got := stored[DatabaseRows](t, launcher, "data_from_database"); got != "7 of users" {
			t.Errorf("got %q", got)
		}
		config, err = container.ParseRunConfig([]byte("resources:\n  db_conn:\n    config: {tabel: users, rows: many}\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = launcher.Launch(t.Context(), runs.Request{Job: "update_data", Config: config})
		for _, want := range []string{
			`resources.db_conn.config.tabel (line 3, column 14): there is no such field, did you mean "table"?`,
			`resources.db_conn.config.rows (line 3, column 34): expected a whole number (int), not text`,
			`resources.db_conn.config.table: missing: it must be given at launch`,
		} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v\nwant it to say %s", err, want)
			}
		}
	})

	t.Run("without it no run exists", func(t *testing.T) {
		before, err := launcher.Store().Runs(t.Context(), history.RunQuery{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = launcher.Launch(t.Context(), runs.Request{Job: "update_data"})
		if err == nil || !strings.Contains(err.Error(), "resources.db_conn.config.table: missing: it must be given at launch") {
			t.Errorf("got %v", err)
		}
		after, err := launcher.Store().Runs(t.Context(), history.RunQuery{})
		if err != nil {
			t.Fatal(err)
		}
		if len(after) != len(before) {
			t.Error("a run was recorded")
		}
	})
}

// ---- Resources that depend on other resources ----

type BucketConfig struct{ Region string }

type Bucket struct {
	region      string
	credentials *Credentials
}

// NewBucket takes the nested resource as a parameter, like anything in Fx.
func NewBucket(cfg BucketConfig, credentials *Credentials) *Bucket {
	return &Bucket{region: cfg.Region, credentials: credentials}
}

type BucketOwner string

func OwnerOfBucket(b *Bucket, c *Credentials) (BucketOwner, error) {
	if b.credentials != c {
		return "", errors.New("the bucket and the asset see two instances")
	}
	return BucketOwner(b.credentials.Username + " in " + b.region), nil
}

func TestNestedResources(t *testing.T) {
	bucket := container.Provide("bucket", NewBucket, container.Config(BucketConfig{Region: "us-east-1"}))
	owner := assets.New("owner", OwnerOfBucket)

	t.Run("credentials given in code", func(t *testing.T) {
		launcher := host(t, bucket, owner, container.Provide("credentials", NewCredentials,
			container.Config(CredentialsConfig{Username: "my_user", Password: container.NewSecret("my_password")})))
		materialize(t, launcher, runs.Request{Selection: "owner"})
		if got := stored[BucketOwner](t, launcher, "owner"); got != "my_user in us-east-1" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("credentials deferred to launch", func(t *testing.T) {
		launcher := host(t, bucket, owner, container.Provide("credentials", NewCredentials,
			container.Config(CredentialsConfig{}, container.AtLaunch("Username", "Password"))))
		t.Setenv("VAULT_PASSWORD", "from the vault")
		config, err := container.ParseRunConfig([]byte(
			"resources: {credentials: {config: {username: at_launch, password: {env: VAULT_PASSWORD}}}}"))
		if err != nil {
			t.Fatal(err)
		}
		materialize(t, launcher, runs.Request{Selection: "owner", Config: config})
		if got := stored[BucketOwner](t, launcher, "owner"); got != "at_launch in us-east-1" {
			t.Errorf("got %q", got)
		}
	})
}

// ---- Managing state: a token fetched at the start of the run ----

type TokenClient struct {
	url, token  string
	credentials *Credentials
}

type TokenClientConfig struct{ URL string }

func NewTokenClient(lc fx.Lifecycle, cfg TokenClientConfig, credentials *Credentials) *TokenClient {
	c := &TokenClient{url: cfg.URL, credentials: credentials}
	lc.Append(fx.StartStopHook(c.logIn, c.logOut)) // ordinary Fx hooks
	return c
}

func (c *TokenClient) get(ctx context.Context, path, user, password string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
	if err != nil {
		return "", err
	}
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	request.Header.Set("X-Token", c.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s", path, response.Status)
	}
	return string(body), err
}

func (c *TokenClient) logIn(ctx context.Context) (err error) {
	c.token, err = c.get(ctx, "/token", c.credentials.Username, c.credentials.Password.Reveal())
	return err
}

func (c *TokenClient) logOut(ctx context.Context) error {
	_, err := c.get(ctx, "/logout", "", "")
	return err
}

type Users []string

func AllUsers(ctx context.Context, client *TokenClient) (Users, error) {
	body, err := client.get(ctx, "/users", "", "")
	if err != nil {
		return nil, err
	}
	var users Users
	return users, json.Unmarshal([]byte(body), &users)
}

func TestTokenFetchedAtStart(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.Path)
		user, password, _ := r.BasicAuth()
		switch {
		case r.URL.Path == "/token" && user == "my_user" && password == "my_password":
			fmt.Fprint(w, "t0k3n")
		case r.URL.Path != "/token" && r.Header.Get("X-Token") == "t0k3n":
			fmt.Fprint(w, `["ada","grace"]`)
		default:
			http.Error(w, "no", http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	launcher := host(t,
		container.Provide("credentials", NewCredentials,
			container.Config(CredentialsConfig{Username: "my_user", Password: container.NewSecret("my_password")})),
		container.Provide("client", NewTokenClient, container.Config(TokenClientConfig{URL: server.URL})),
		assets.New("users", AllUsers),
		assets.New("count", func(users Users) int { return len(users) }),
	)
	materialize(t, launcher, runs.Request{Selection: "*"})
	if got := stored[Users](t, launcher, "users"); !slices.Equal(got, Users{"ada", "grace"}) {
		t.Errorf("got %v", got)
	}
	if diff := cmp.Diff([]string{"/token", "/users", "/logout"}, paths); diff != "" { // once per run, whatever the steps
		t.Error(diff)
	}
}

// ---- Holding a connection open around the run ----

// OpenConnection is held open from the start of the run to its end, in one
// function: what stands before yield is the start, what stands after it the
// stop, and yield tells how the run ended.
type OpenConnection struct{ note func(string) }

func TestConnectionHeldOpenAroundTheRun(t *testing.T) {
	var notes []string
	note := func(text string) { notes = append(notes, text) }
	fail := false
	launcher := host(t,
		container.Provide("connection", func(lc fx.Lifecycle) *OpenConnection {
			container.Around(lc, func(_ context.Context, yield func() error) error {
				note("open")
				defer note("close")
				if err := yield(); err != nil {
					note("roll back")
					return nil
				}
				note("commit")
				return nil
			})
			return &OpenConnection{note}
		}),
		assets.New("query", func(c *OpenConnection) error {
			c.note("query")
			if fail {
				return errors.New("no such table")
			}
			return nil
		}),
	)
	materialize(t, launcher, runs.Request{Selection: "query"})
	fail = true
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "query"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Errorf("got %v", err)
	}
	want := []string{"open", "query", "commit", "close", "open", "query", "roll back", "close"}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
}

// ---- I/O managers are resources too ----

type Report struct {
	Title string `json:"title"`
	Lines int    `json:"lines"`
}

func TestIOManagerWithARootPath(t *testing.T) {
	root := t.TempDir()
	launcher := host(t,
		iomanagers.Files("reports", iomanagers.FilesConfig{Root: filepath.Join(root, "default")}, iomanagers.JSON()),
		assets.New("monthly/report", func() Report { return Report{"July", 31} }, assets.IO("reports")),
		assets.New("title", func(r Report) string { return r.Title }),
	)
	materialize(t, launcher, runs.Request{Selection: "*"})
	text, err := os.ReadFile(filepath.Join(root, "default", "monthly", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	if err := json.Unmarshal(text, &report); err != nil || report != (Report{"July", 31}) {
		t.Errorf("the file holds %s (%v)", text, err)
	}
	if got := stored[string](t, launcher, "title"); got != "July" {
		t.Errorf("downstream got %q", got)
	}

	materialize(t, launcher, runs.Request{Selection: "monthly/report", Config: container.RunConfig{
		Resources: map[string]any{"reports": iomanagers.FilesConfig{Root: filepath.Join(root, "elsewhere")}},
	}})
	if _, err := os.Stat(filepath.Join(root, "elsewhere", "monthly", "report.json")); err != nil {
		t.Error("a launch can't set the root path:", err)
	}
}

// ---- A bare object as a resource ----

// GitHub stands for a client of some library that knows nothing of fxrun.
type GitHub struct{ repositories map[string][]string }

func (g *GitHub) Organization(name string) []string { return g.repositories[name] }

func TestBareClient(t *testing.T) {
	github := &GitHub{repositories: map[string][]string{"fxrun": {"fxrun", "examples"}}}
	launcher := host(t,
		container.Supply("github", github),
		assets.New("public_github_repos", func(g *GitHub) []string { return g.Organization("fxrun") }),
	)
	materialize(t, launcher, runs.Request{Selection: "public_github_repos"})
	if got := stored[[]string](t, launcher, "public_github_repos"); !slices.Equal(got, []string{"fxrun", "examples"}) {
		t.Errorf("got %v", got)
	}
}

// ---- Testing a resource by itself ----

func TestByConstruction(t *testing.T) {
	t.Run("a resource is what its constructor returns", func(t *testing.T) {
		db := NewDatabase(DatabaseConfig{Table: "foo"})
		if DataFromDatabase(db) != "0 of foo" {
			t.Error(DataFromDatabase(db))
		}
	})

	t.Run("nested resources are arguments", func(t *testing.T) {
		bucket := NewBucket(BucketConfig{Region: "us-east-1"}, NewCredentials(CredentialsConfig{Username: "ada"}))
		if bucket.credentials.Username != "ada" {
			t.Error(bucket.credentials)
		}
	})

	t.Run("started, with what a run would tell it", func(t *testing.T) {
		type workspace struct{ folder string }
		root := t.TempDir()
		got := containertest.Start[*workspace](t,
			container.Provide("workspace", func(lc fx.Lifecycle, run container.RunInfo) *workspace {
				w := &workspace{filepath.Join(root, run.ID)}
				lc.Append(fx.StartStopHook(
					func() error { return os.Mkdir(w.folder, 0o755) },
					func() error { return os.Remove(w.folder) }))
				return w
			}),
			container.Info(container.RunInfo{ID: "run1"}))
		if _, err := os.Stat(filepath.Join(root, "run1")); err != nil {
			t.Errorf("%s: %v", got.folder, err)
		}
	})
}

// ---- Testing: fx.Replace puts a mock in a resource's place ----

type Store interface{ Read(key string) string }

type RealStore struct{}

func (*RealStore) Read(string) string { return "real" }

type FakeStore struct{ answer string }

func (f FakeStore) Read(string) string { return f.answer }

func TestMocksByReplace(t *testing.T) {
	constructed := 0
	definitions := fx.Options(
		container.Provide("credentials", NewCredentials, container.Config(CredentialsConfig{}, container.FromEnv("NOT_SET_HERE"))),
		container.Provide("store", func(*Credentials) *RealStore { constructed++; return &RealStore{} }, container.As[Store]()),
		container.Provide("db_conn", NewDatabase, container.Config(DatabaseConfig{}, container.AtLaunch("Table"))),
		assets.New("read", func(s Store) string { return s.Read("x") }),
		assets.New("rows", DataFromDatabase),
	)
	fakeStore := fx.Replace(fx.Annotate(FakeStore{"fake"}, fx.As(new(Store))))
	fakeDatabase := fx.Replace(NewDatabase(DatabaseConfig{Table: "fake_table"}))

	t.Run("on the host application, for every run", func(t *testing.T) {
		launcher := host(t, definitions, fakeStore, fakeDatabase)
		materialize(t, launcher, runs.Request{Selection: "*"}) // neither the environment nor a table is asked for
		if got := stored[string](t, launcher, "read"); got != "fake" {
			t.Errorf("got %q", got)
		}
		if got := stored[DatabaseRows](t, launcher, "rows"); got != "0 of fake_table" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("on one run", func(t *testing.T) {
		launcher := host(t, definitions)
		materialize(t, launcher, runs.Request{Selection: "*", Options: []fx.Option{fakeStore, fakeDatabase}})
		if got := stored[string](t, launcher, "read"); got != "fake" {
			t.Errorf("got %q", got)
		}
		_, err := launcher.Launch(t.Context(), runs.Request{Selection: "read"})
		if err == nil || !strings.Contains(err.Error(), "NOT_SET_HERE_USERNAME") {
			t.Errorf("the next run is not the real one again: %v", err)
		}
	})

	if constructed != 0 {
		t.Errorf("the real store was constructed %d times", constructed)
	}
}

// ---- The host's graph is the parent of every run ----

// Pool stands for what a host application has anyway.
type Pool struct{ name string }

func TestTheHostsOwnTypes(t *testing.T) {
	launcher := host(t,
		fx.Provide(func() *Pool { return &Pool{"the host's"} }),
		container.Provide("database", func(pool *Pool) *Database { return NewDatabase(DatabaseConfig{Table: pool.name}) }),
		assets.New("rows", func(db *Database, pool *Pool) string { return db.cfg.Table + ", " + pool.name }),
	)
	materialize(t, launcher, runs.Request{Selection: "rows"})
	if got := stored[string](t, launcher, "rows"); got != "the host's, the host's" {
		t.Errorf("got %q", got)
	}
}

// ---- Lifetimes: per process, per run, per step ----

type (
	Cluster struct{ number int }
	Scratch struct{ number int }
	First   int
	Second  int
)

func TestLifetimes(t *testing.T) {
	var mu sync.Mutex
	var happened []string
	counted := func(lc fx.Lifecycle, what string) int {
		mu.Lock()
		defer mu.Unlock()
		n := 1
		for _, line := range happened {
			if line == "start "+what {
				n++
			}
		}
		happened = append(happened, "start "+what)
		lc.Append(fx.StopHook(func() {
			mu.Lock()
			defer mu.Unlock()
			happened = append(happened, "stop "+what)
		}))
		return n
	}
	t.Run("until the host stops", func(t *testing.T) {
		launcher := host(t,
			container.Provide("cluster", func(lc fx.Lifecycle) *Cluster { return &Cluster{counted(lc, "cluster")} }, container.PerProcess()),
			container.Provide("scratch", func(lc fx.Lifecycle, _ *Cluster) *Scratch { return &Scratch{counted(lc, "scratch")} }, container.PerStep()),
			assets.New("first", func(s *Scratch, c *Cluster) First { return First(10*c.number + s.number) }),
			assets.New("second", func(_ First, s *Scratch, c *Cluster) Second { return Second(10*c.number + s.number) }),
		)
		materialize(t, launcher, runs.Request{Selection: "*"})
		materialize(t, launcher, runs.Request{Selection: "second"})
		if got := stored[First](t, launcher, "first"); got != 11 {
			t.Errorf("first has cluster and scratch %d", got)
		}
		if got := stored[Second](t, launcher, "second"); got != 13 {
			t.Errorf("second has cluster and scratch %d", got)
		}
	})
	want := []string{
		"start cluster", "start scratch", "stop scratch", "start scratch", "stop scratch", // a run of two steps
		"start scratch", "stop scratch", // and another
		"stop cluster",
	}
	if diff := cmp.Diff(want, happened); diff != "" {
		t.Error(diff)
	}
}

// ---- Schedules and sensors: resources in their functions, config in their requests ----

// Tables is a service that knows the tables, and Holidays one that knows the days.
type (
	Tables   struct{ names []string }
	Holidays struct{ days []string }
)

// TableUpdates asks for one run for each table, with the table given at launch.
func TableUpdates(service *Tables) []automation.RunRequest {
	var requests []automation.RunRequest
	for _, name := range service.names {
		requests = append(requests, automation.RunRequest{Key: name, Config: container.RunConfig{
			Resources: map[string]any{"warehouse": UpdateConfig{Table: name}},
		}})
	}
	return requests
}

type UpdateConfig struct{ Table string }

// OnWorkingDays asks for a run unless the day is a holiday.
func OnWorkingDays(tick *automation.Tick, holidays *Holidays) *automation.RunRequest {
	if slices.Contains(holidays.days, tick.Scheduled().Format("01-02")) {
		tick.Skip("it is a holiday")
		return nil
	}
	return &automation.RunRequest{}
}

func TestResourcesInSensorsAndSchedules(t *testing.T) {
	updated := make(chan string, 10)
	options := fx.Options(
		container.Provide("tables", func() *Tables { return &Tables{[]string{"rain", "wind"}} }),
		container.Provide("holidays", func() *Holidays { return &Holidays{[]string{"12-25"}} }),
		container.Provide("warehouse", func(cfg UpdateConfig) *UpdateConfig { return &cfg }, container.Config(UpdateConfig{}, container.AtLaunch("Table"))),
		assets.New("update", func(warehouse *UpdateConfig) error { updated <- warehouse.Table; return nil }),
		assets.NewJob("update_data", assets.Select("update")),
		assets.New("greeting", func() string { return "hello" }),
		automation.NewSensor("table_update", TableUpdates, automation.For("update_data"), automation.Every(time.Second)),
		automation.NewSchedule("daily", "0 7 * * *", OnWorkingDays, automation.For(assets.Select("greeting")), automation.InZone("Europe/Zurich")),
	)
	t.Run("the daemon makes one run for each table", func(t *testing.T) {
		host(t, options, fxrun.Daemon)
		got := []string{<-updated, <-updated}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"rain", "wind"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a tick is evaluated in a test, with fakes and for any time", func(t *testing.T) {
		preview := fxruntest.Sensor(t, "table_update", automation.Occasion{}, options, fx.Replace(&Tables{[]string{"snow"}}))
		if len(preview.Requests) != 1 || preview.Requests[0].Key != "snow" {
			t.Errorf("got %+v", preview.Requests)
		}
		christmas := fxruntest.Schedule(t, "daily", automation.Occasion{Scheduled: time.Date(2026, 12, 25, 6, 0, 0, 0, time.UTC)}, options)
		if !christmas.Skipped || christmas.Reason != "it is a holiday" {
			t.Errorf("got %+v", christmas)
		}
	})
}

// ---- The host's own end: runs first, then what lives per process ----

func TestRunsAreDrainedBeforeWhatTheyUseStops(t *testing.T) {
	var mu sync.Mutex
	var happened []string
	note := func(what string) {
		mu.Lock()
		defer mu.Unlock()
		happened = append(happened, what)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	var launcher *runs.Launcher
	app := fxtest.New(t, fxrun.Module, iomanagers.Memory("io_manager"),
		container.Provide("cluster", func(lc fx.Lifecycle) *Cluster {
			lc.Append(fx.StopHook(func() { note("cluster stopped") }))
			return &Cluster{}
		}, container.PerProcess()),
		assets.New("first", func(*Cluster) First {
			close(entered)
			<-release
			note("step done")
			return 1
		}),
		assets.New("probe", func() error { return nil }),
		fx.Populate(&launcher), fx.NopLogger)
	app.RequireStart()
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "first"})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		app.RequireStop()
	}()
	for { // until stopping has begun
		if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "probe"}); errors.Is(err, runs.ErrClosed) {
			break
		}
	}
	close(release)
	<-stopped
	if run.Status() != history.StatusSucceeded {
		t.Errorf("the run is %s", run.Status())
	}
	if diff := cmp.Diff([]string{"step done", "cluster stopped"}, happened); diff != "" {
		t.Error(diff)
	}
}
