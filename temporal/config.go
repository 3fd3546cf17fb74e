package temporal

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
)

// Config says where Temporal is, and how its workers execute runs. Each field is also read
// from the environment, which counts where both have a value: FXRUN_TEMPORAL_ADDRESS and so
// on. Launchers and workers need the same Address, Namespace and TaskQueue. Heartbeat and
// Placement of a run are those of the launcher that has begun it. MaxRuns, MaxParallel and
// Drain are those of each worker.
type Config struct {
	// Address is the host and the port of Temporal's frontend, such as temporal:7233. Without
	// it, runs are executed in the process that launches them, and there are no workers.
	Address string `desc:"host and port of Temporal; empty executes runs in this process"`
	// Namespace is the namespace of Temporal that has the workflows of the runs. It must exist.
	Namespace string `default:"default" desc:"namespace of Temporal"`
	// TaskQueue is the name of the task queue that all workers with the same definitions and the
	// same history share. A program with other definitions or with another history needs a
	// task queue of its own.
	TaskQueue string `split_words:"true" default:"fxrun" desc:"task queue of all workers with this history"`

	// TLS says that the connection is encrypted. It is encrypted without TLS too if one of
	// TLSServerName, TLSCA, TLSCert and APIKey is given.
	TLS bool `desc:"encrypt the connection"`
	// TLSServerName is the name in the certificate of Temporal, if it is not that of Address.
	TLSServerName string `envconfig:"TLS_SERVER_NAME" desc:"name in Temporal's certificate"`
	// TLSCA is a file in the form of PEM with the certificates that sign the one of Temporal.
	// Without it, those of the system count.
	TLSCA string `envconfig:"TLS_CA" desc:"file with the certificates that sign Temporal's"`
	// TLSCert and TLSKey are files in the form of PEM with the certificate by which this program
	// proves who it is, and with its key. Either both are given or none.
	TLSCert string `envconfig:"TLS_CERT" desc:"file with the certificate of this program"`
	TLSKey  string `envconfig:"TLS_KEY" desc:"file with the key of that certificate"`
	// APIKey is a key of Temporal Cloud.
	APIKey container.Secret[string] `envconfig:"API_KEY" desc:"key of Temporal Cloud"`
	// UI is the address of Temporal's pages, such as http://temporal:8080. Runs then have a link
	// to their page there.
	UI string `envconfig:"UI" desc:"address of Temporal's pages"`

	// Heartbeat is how long nothing may be heard of a worker before its runs go on at another
	// one. It is at least a second. A worker that has not reached Temporal for this time stops
	// what it executes.
	Heartbeat time.Duration `default:"10s" min:"1s" desc:"silence after which a worker counts as lost"`
	// Placement says how many workers execute the steps of one run: "colocated" is one, and
	// "spread=3" is up to three. Each of them opens a container for the run.
	Placement string `default:"colocated" desc:"colocated: one worker for a run; spread=N: up to N"`
	// MaxRuns is how many runs one worker executes at the same time. Further runs wait for a
	// worker, those with a higher priority first if the server of Temporal knows priorities.
	MaxRuns int `split_words:"true" default:"10" min:"1" desc:"runs that one worker executes at the same time"`
	// MaxParallel is how many steps one worker executes at the same time, of all its runs. Zero
	// means four for each processor.
	MaxParallel int `split_words:"true" min:"0" desc:"steps that one worker executes at the same time; 0 for four for each processor"`
	// Drain is how long a worker lets its running steps go on after it was told to end, as by
	// SIGTERM. Then it cancels them, and they are executed again by other workers.
	Drain time.Duration `default:"5s" min:"0s" desc:"how long running steps may go on after SIGTERM"`
}

// prefix is that of the environment variables of a Config.
const prefix = "FXRUN_TEMPORAL"

// Validate reports everything that is wrong with the config.
func (c Config) Validate() error {
	var faults []error
	if c.Address != "" && !isAddress(c.Address) {
		faults = append(faults, fmt.Errorf("address: %q has no host and port, as in temporal:7233", c.Address))
	}
	if c.Namespace == "" {
		faults = append(faults, errors.New("namespace: it is empty"))
	}
	if c.TaskQueue == "" {
		faults = append(faults, errors.New("task_queue: it is empty"))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		faults = append(faults, errors.New("tls_cert and tls_key: one is given, and both are needed"))
	}
	if c.UI != "" {
		if address, err := url.Parse(c.UI); err != nil || address.Scheme == "" || address.Host == "" {
			faults = append(faults, fmt.Errorf("ui: %q is no address of pages, as in http://temporal:8080", c.UI))
		}
	}
	if _, err := parsePlacement(c.Placement); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// isAddress reports whether a text has a host and the number of a port.
func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}

// parsePlacement returns how many workers execute the steps of one run.
func parsePlacement(text string) (int, error) {
	if text == "colocated" {
		return 1, nil
	}
	number, ok := strings.CutPrefix(text, "spread=")
	if n, err := strconv.Atoi(number); ok && err == nil && n >= 1 && n <= maxPlacements {
		return n, nil
	}
	return 0, fmt.Errorf("placement: %q is neither colocated nor spread=N with a number N from 1 to %d", text, maxPlacements)
}

// maxPlacements is how many workers at most execute the steps of one run.
const maxPlacements = 100

// read returns the config with its defaults and what the environment says.
func (c Config) read() (Config, error) {
	definition, faults := config.NewDefinition("temporal.Config", c, []config.Option{config.FromEnv(prefix)})
	faults = append(faults, definition.Analyse(new(config.Shapes))...)
	if len(faults) > 0 {
		return Config{}, fault.Join("reading the config of temporal", faults)
	}
	resolved, faults := definition.Resolve("temporal", nil)
	if len(faults) > 0 {
		return Config{}, fault.Join("reading the config of temporal", faults)
	}
	return definition.Copy(resolved).Interface().(Config), nil
}
