package history_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/history"
)

// materializations are texts that are read in a way of their own, or nearly.
func materializations() []string {
	return []string{
		`{}`, `null`, `{"asset":"a","step":"s","metadata":null}`, `{"asset":"a","metadata":{}}`,
		`{"asset":"a","partition":"p","step":"s","attempt":2,"io_manager":"io","code_version":"1","size":9223372036854775807}`,
		`{"asset":"a","Metadata":{"n":12345678901234567890,"f":1.50,"list":[1,{"x":null}],"é":"\u0000","ok":true}}`,
		`{"asset":"a","metadata":{"n":-0.5e+7,"zero":0,"list":[1,{"x":null},[]],"é":"\u0000\ud800","url":"a\u0026b","ok":true,"no":false}}`,
		`{"metadata":{"a":{"b":1,"b":"2"},"a":[{}]},"size":-0,"asset":"first","asset":"last","attempt":1,"attempt":0}`,
		`{"metadata":{"a":1},"metadata":{"b":1}}`, `{"asset":"a","asset":null}`, `{"ASSET":"a"}`, `{"asset":"a","later":1}`,
		`{"asset":"\n","st\u0065p":"s"}`, "{\"asset\":\"\xff\"}", "{\"asset\":\"\\n\xff\"}", "{\"asset\":\"\n\"}", "{\"asset\":\"\\\n\"}", `{"asset":"a\"}`, `{"asset":"\x"}`,
		` {"asset":"a"} `, `{"asset": "a"}`, `{"asset":"a",}`, `{,}`, `{"asset"}`, `{"asset":"a""step":"s"}`, `{"metadata":{"a":[1,]}}`, `{"metadata":{"a":[1 ]}}`,
		`{"size":01}`, `{"size":1.0}`, `{"size":9223372036854775808}`, `{"size":-}`, `{"size":"1"}`, `{"attempt":1e2}`,
		`{"metadata":{"a":01}}`, `{"metadata":{"a":1.}}`, `{"metadata":{"a":1e}}`, `{"metadata":{"a":+1}}`, `{"metadata":{"a":nul}}`, `{"metadata":{"a":truer}}`, `{"metadata":{"a":`,
		`{"metadata":{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}}`, `{"metadata":{"a":"` + strings.Repeat("long ", 2000) + `"}}`,
		`{"asset":"a","metadata":{"a":1}}x`, `{"asset":"a"}{}`, `{"asset":1}`, `{"metadata":[]}`, `{"metadata":7}`, `{"asset":"a"`, ``, `[]`,
	}
}

func TestMaterializationsAreReadAsJSONReadsThem(t *testing.T) {
	t.Parallel()
	for _, fields := range materializations() {
		checkMaterialization(t, fields)
	}
}

func FuzzMaterialization(f *testing.F) {
	for _, fields := range materializations() {
		f.Add(fields)
	}
	f.Fuzz(func(t *testing.T, fields string) { checkMaterialization(t, fields) })
}

func checkMaterialization(t *testing.T, fields string) {
	t.Helper()
	var want history.AssetMaterialized
	wrong := json.Unmarshal([]byte(fields), &want)
	got, err := history.DecodeData(history.TypeAssetMaterialized, []byte(fields))
	if (err == nil) != (wrong == nil) || err != nil && err.Error() != wrong.Error() {
		t.Errorf("%q gives the error %v, want %v", fields, err, wrong)
	} else if err == nil && !reflect.DeepEqual(history.EventData(want), got) { // cmp takes very long for deep lists
		t.Errorf("%q is read as\n%#v, want\n%#v", fields, got, want)
	}
}

// A field that the fast way does not know would make all materializations slow, and change nothing else.
func TestMaterializationsWithAllFieldsAreReadFast(t *testing.T) {
	made := history.AssetMaterialized{
		Asset: "a", Partition: "p", Step: "s", Attempt: 1, IOManager: "io", CodeVersion: "1", Size: 12,
		Metadata: history.Values{"rows": 7, "list": []any{1.5, nil, map[string]any{"url": "x"}}, "text": "t"},
	}
	for _, field := range reflect.VisibleFields(reflect.TypeOf(made)) {
		if reflect.ValueOf(made).FieldByIndex(field.Index).IsZero() {
			t.Errorf("the test has no value for the field %s", field.Name)
		}
	}
	fields, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	count := func(fields string) float64 {
		return testing.AllocsPerRun(10, func() {
			if _, err := history.DecodeData(history.TypeAssetMaterialized, []byte(fields)); err != nil {
				t.Error(err)
			}
		})
	}
	fast, slow := count(string(fields)), count(string(fields)+" ")
	if fast > slow/2 {
		t.Errorf("reading takes %v allocations, and %v with a space that only encoding/json reads; want at most half", fast, slow)
	}
}
