package nearest_test

import (
	"reflect"
	"testing"

	"github.com/fxrun/fxrun/internal/nearest"
)

func TestBareType(t *testing.T) {
	t.Parallel()
	type row struct{}
	type rows []row
	for _, test := range []struct{ given, want any }{
		{row{}, row{}},
		{[]*row{}, row{}},
		{&[]row{}, row{}},
		{rows{}, rows{}}, // it has a name of its own
		{&rows{}, rows{}},
		{map[string]row{}, map[string]row{}},
	} {
		if got := nearest.BareType(reflect.TypeOf(test.given)); got != reflect.TypeOf(test.want) {
			t.Errorf("the bare type of %T is %s, want %T", test.given, got, test.want)
		}
	}
}
