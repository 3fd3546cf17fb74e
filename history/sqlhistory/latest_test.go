package sqlhistory_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// Many events are decoded by several goroutines.
func TestTheLastMaterializationsOfManyAssets(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	const count = 2000
	var assets []string
	now := time.Now()
	events := []history.Event{queued("r1")}
	events[0].Data = history.RunQueued{Steps: []string{"s"}}
	for _, data := range []history.EventData{history.RunStarting{}, history.RunStarted{}, history.StepStarted{Step: "s", Attempt: 1}} {
		events = append(events, history.Event{RunID: "r1", Time: now, Data: data})
	}
	for n := range count {
		assets = append(assets, fmt.Sprintf("a%d", n))
		made := history.AssetMaterialized{Asset: assets[n], Step: "s", Metadata: history.Values{"n": fmt.Sprint(n)}}
		events = append(events, history.Event{RunID: "r1", Time: now, Data: made})
	}
	stored, err := store.Append(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]history.Event)
	for n, asset := range assets {
		want[asset] = stored[len(stored)-count+n]
	}
	got, err := store.LatestMaterializations(t.Context(), assets)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last materializations differ (-want +got):\n%s", diff)
	}

	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`UPDATE last_materializations SET fields = '{"asset":' WHERE asset = 'a1777'`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	_, err = open(t, folder).LatestMaterializations(t.Context(), assets)
	if want := "reading the last materializations: event 1782 of run r1: unexpected end of JSON input"; err == nil || err.Error() != want {
		t.Errorf("the error of an event that cannot be read is %v, want %s", err, want)
	}
}
