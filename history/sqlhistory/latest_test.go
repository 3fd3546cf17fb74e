package sqlhistory_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
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
	assets, want := materialize(t, store, 2000)
	checkLatest(t, store, assets, want)

	for name, damage := range map[string]struct{ event, want string }{
		"the JSON ends too early":       {`substr(event, 1, instr(event, '{')) || '"asset":'`, "event 1782 of run r1: unexpected end of JSON input"},
		"the number is missing":         {`'x' || event`, `the last materialization of a1777 is damaged: strconv.ParseInt: parsing "x1782": invalid syntax`},
		"the ID of the run is too long": {`'1782 0 100 r1{}'`, "the last materialization of a1777 is damaged: the ID of its run has 4 of 100 bytes"},
		"there is nothing":              {`''`, `the last materialization of a1777 is damaged: strconv.ParseInt: parsing "": invalid syntax`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			assets, _ := materialize(t, open(t, folder), 2000)
			db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName))
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.Exec(`UPDATE last_materializations SET event = ` + damage.event + ` WHERE asset = 'a1777'`)
			if err := errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
			_, err = open(t, folder).LatestMaterializations(t.Context(), assets)
			if want := "reading the last materializations: " + damage.want; err == nil || err.Error() != want {
				t.Errorf("the error is %v, want %s", err, want)
			}
		})
	}
}

// The table is read row by row, or searched for each asset, or both.
func TestTheLastMaterializationsAmongOthers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	assets, want := materialize(t, open(t, folder), 1000)
	slices.Sort(assets)
	var without, third, mixed, never []string // few others, many others, first few and then many, and only others
	for i, asset := range assets {
		if i%100 != 7 {
			without = append(without, asset)
		}
		if i%3 == 1 {
			third = append(third, asset, asset+" never") // the one after it in the table
		}
		never = append(never, asset+" never")
		if i < 300 || i%3 == 1 {
			mixed = append(mixed, asset)
		}
	}
	for name, asked := range map[string][]string{
		"nearly all assets are asked for":                without,
		"a third of the assets are asked for":            third,
		"the others come after those that are asked for": mixed,
		"no asset that is asked for was materialized":    never,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t, folder)
			checkLatest(t, store, asked, want)
			checkLatest(t, store, assets, want) // some of which are remembered
			checkLatest(t, store, asked, want)
		})
	}
}

// checkLatest compares the last materializations of assets with those that are wanted of them.
func checkLatest(t *testing.T, store history.Latest, assets []string, want map[string]history.Event) {
	t.Helper()
	got, err := store.LatestMaterializations(t.Context(), assets)
	if err != nil {
		t.Fatal(err)
	}
	want = maps.Clone(want)
	maps.DeleteFunc(want, func(asset string, _ history.Event) bool { return !slices.Contains(assets, asset) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last materializations differ (-want +got):\n%s", diff)
	}
}

// materialize makes assets in one run, and returns their keys and last materializations.
func materialize(t *testing.T, store history.Store, count int) (assets []string, made map[string]history.Event) {
	t.Helper()
	now := time.Now()
	events := []history.Event{queued("r1")}
	events[0].Data = history.RunQueued{Steps: []string{"s"}}
	for _, data := range []history.EventData{history.RunStarting{}, history.RunStarted{}, history.StepStarted{Step: "s", Attempt: 1}} {
		events = append(events, history.Event{RunID: "r1", Time: now, Data: data})
	}
	for n := range count {
		assets = append(assets, fmt.Sprintf("a%d", n))
		data := history.AssetMaterialized{Asset: assets[n], Step: "s", Metadata: history.Values{"n": fmt.Sprint(n)}}
		events = append(events, history.Event{RunID: "r1", Time: now, Data: data})
	}
	stored, err := store.Append(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	made = make(map[string]history.Event)
	for n, asset := range assets {
		made[asset] = stored[len(stored)-count+n]
	}
	return assets, made
}
