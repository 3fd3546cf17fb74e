package server_test

import (
	"bufio"
	"bytes"
	"log/slog"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/server"
)

func TestEachChangeOnAPageIsAudited(t *testing.T) {
	t.Parallel()
	var log lines
	s := newSite(t, func(config *server.Config) { config.Logger = slog.New(slog.NewJSONHandler(&log, nil)) }, automated())
	launched := s.post("/launch", "job", "nightly")
	id := path.Base(launched.header.Get("Location"))
	s.waitFor(id, history.StatusSucceeded)
	s.post("/runs/"+id+"/retry", "all", "1")
	s.post("/runs/" + id + "/cancel") // it has ended, so nothing is done
	s.post("/resources/io_manager/check")
	s.post("/automation/schedule/every/night", "do", "on")
	var got []string
	for scanned := bufio.NewScanner(bytes.NewReader([]byte(log.String()))); scanned.Scan(); {
		line := decoded[map[string]any](t, scanned.Text())
		if line["msg"] != "audit" {
			continue
		}
		if line["by"] != "anybody" || line["from"] == "" {
			t.Errorf("the line is %s", scanned.Text())
		}
		got = append(got, line["action"].(string))
	}
	if diff := cmp.Diff([]string{"launch", "retry", "check health", "switch"}, got); diff != "" {
		t.Errorf("the actions differ (-want +got):\n%s\n%s", diff, log.String())
	}
}
