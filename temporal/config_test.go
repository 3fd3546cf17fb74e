package temporal_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/temporal"
)

func TestConfig(t *testing.T) {
	t.Run("has defaults for all but the address", func(t *testing.T) {
		got, err := temporal.Read(temporal.Config{})
		want := temporal.Config{
			Namespace: "default", TaskQueue: "fxrun", Heartbeat: 10 * time.Second, Placement: "colocated", MaxRuns: 10, Drain: 5 * time.Second,
		}
		if err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("is read from the environment, which counts more than code", func(t *testing.T) {
		for name, value := range map[string]string{
			"ADDRESS": "temporal:7233", "TASK_QUEUE": "shop", "API_KEY": "hunter2", "TLS": "true", "TLS_CA": "ca.pem", "TLS_CERT": "own.pem",
			"TLS_KEY": "own.key", "TLS_SERVER_NAME": "temporal.example", "UI": "http://temporal:8080", "HEARTBEAT": "3s", "PLACEMENT": "spread=3",
			"MAX_RUNS": "7", "MAX_PARALLEL": "8", "DRAIN": "0s", "NAMESPACE": "data",
		} {
			t.Setenv("FXRUN_TEMPORAL_"+name, value)
		}
		got, err := temporal.Read(temporal.Config{Address: "elsewhere:7233", MaxRuns: 2})
		want := temporal.Config{
			Address: "temporal:7233", Namespace: "data", TaskQueue: "shop", APIKey: container.NewSecret("hunter2"), TLS: true, TLSCA: "ca.pem",
			TLSCert: "own.pem", TLSKey: "own.key", TLSServerName: "temporal.example", UI: "http://temporal:8080", Heartbeat: 3 * time.Second,
			Placement: "spread=3", MaxRuns: 7, MaxParallel: 8,
		}
		if err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("is refused with everything that is wrong with it", func(t *testing.T) {
		_, err := temporal.Read(temporal.Config{Address: "temporal", TLSCert: "own.pem", UI: "temporal:8080", Placement: "spread"})
		if err == nil {
			t.Fatal("it is accepted")
		}
		for _, want := range []string{
			`address: "temporal" has no host and port`, "tls_cert and tls_key: one is given", `ui: "temporal:8080" is no address of pages`,
			`placement: "spread" is neither colocated nor spread=N`,
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error %v lacks %q", err, want)
			}
		}
	})
	t.Run("is refused if nobody can be reached at its address", func(t *testing.T) {
		for _, address := range []string{"temporal", ":7233", "temporal:", "temporal:grpc", "temporal:0", "temporal:70000", "http://temporal:7233", "::1:7233"} {
			if _, err := temporal.Read(temporal.Config{Address: address}); err == nil || !strings.Contains(err.Error(), "has no host and port") {
				t.Errorf("%s: got %v", address, err)
			}
		}
		for _, address := range []string{"temporal:7233", "127.0.0.1:1", "[::1]:7233"} {
			if _, err := temporal.Read(temporal.Config{Address: address}); err != nil {
				t.Errorf("%s: got %v", address, err)
			}
		}
	})
	t.Run("is refused without a namespace or a task queue", func(t *testing.T) {
		t.Setenv("FXRUN_TEMPORAL_NAMESPACE", "")
		t.Setenv("FXRUN_TEMPORAL_TASK_QUEUE", "")
		_, err := temporal.Read(temporal.Config{Address: "temporal:7233"})
		for _, want := range []string{"namespace: it is empty", "task_queue: it is empty"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error %v lacks %q", err, want)
			}
		}
	})
	t.Run("is refused if files that it names cannot be read, all at once and without a connection", func(t *testing.T) {
		none := filepath.Join(t.TempDir(), "none.pem")
		cluster, err := temporal.New(temporal.Config{
			Address: "127.0.0.1:1", TLSCA: none, TLSCert: none, TLSKey: none, APIKey: container.NewSecret("hunter2"),
		}, nil)
		if err == nil {
			cluster.Close()
			t.Fatal("it is accepted")
		}
		if !errors.Is(err, container.ErrInvalid) {
			t.Errorf("the error %v does not match container.ErrInvalid", err)
		}
		for _, want := range []string{"tls_ca: open " + none, "tls_cert and tls_key: open " + none} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error %v lacks %q", err, want)
			}
		}
	})
	t.Run("is refused if a number is out of its bounds", func(t *testing.T) {
		for name, value := range map[string]string{"HEARTBEAT": "100ms", "MAX_RUNS": "0", "MAX_PARALLEL": "-1", "DRAIN": "-1s"} {
			t.Setenv("FXRUN_TEMPORAL_"+name, value)
		}
		_, err := temporal.Read(temporal.Config{})
		for _, want := range []string{"heartbeat", "max_runs", "max_parallel", "drain"} {
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), want) {
				t.Errorf("the error %v lacks %q", err, want)
			}
		}
	})
}
