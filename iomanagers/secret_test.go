package iomanagers_test

import (
	"errors"
	"iter"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
)

// A secret that is stored would come back as its mask.
func TestNoCodecStoresASecret(t *testing.T) {
	t.Parallel()
	type user struct {
		Name     string
		Password container.Secret[string]
	}
	type group struct{ Users map[string][]*user }
	type harmless struct {
		Name     string
		Password container.Secret[string] `json:"-"`
		hidden   container.Secret[string]
	}
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()}, iomanagers.JSON(), iomanagers.JSONLines(), iomanagers.Gob(), iomanagers.CSV())
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "jsonl", "gob", "csv"} {
		for _, value := range []reflect.Type{
			reflect.TypeFor[container.Secret[string]](), reflect.TypeFor[[]user](), reflect.TypeFor[*user](), reflect.TypeFor[group](),
			reflect.TypeFor[iter.Seq2[user, error]](), reflect.TypeFor[iter.Seq2[[]user, error]](),
		} {
			err := files.Check(format, value)
			if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "is a container.Secret, of which only the mask would be stored") {
				t.Errorf("%v as %s: %v", value, format, err)
			}
		}
	}
	if err := files.Check("json", reflect.TypeFor[[]harmless]()); err != nil {
		t.Errorf("fields that are not stored are refused: %v", err)
	}
	_ = harmless{}.hidden
}
