package runs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// fingerprint returns a text that is the same for two plans only if they have
// the same steps, and need the same resources. Go types count with their fields:
// what one process stores, the other one must be able to load.
func fingerprint(plan *assets.Plan, preview container.Preview) string {
	printed := new(bytes.Buffer)
	types := &typePrinter{to: printed, seen: make(map[reflect.Type]int)}
	value := func(output assets.Output) {
		fmt.Fprintf(printed, " %q %q %q %q %q ", output.Key, output.Kind, output.IO, output.Format, output.CodeVersion)
		types.print(output.Type)
	}
	for _, step := range plan.Steps {
		fmt.Fprintf(printed, "step %q %q %q %q %d %d\n", step.Key, step.Kind, step.Function(), step.Needs, step.Retries, step.Timeout)
		for _, output := range step.Outputs {
			value(output)
		}
		for _, input := range step.Inputs {
			fmt.Fprintf(printed, " input %t", input.Planned)
			value(input.Output)
			types.print(input.As)
		}
	}
	for _, resource := range preview.Resources {
		fmt.Fprintf(printed, "resource %q %q %q %q %q\n", resource.Key, resource.Types, resource.Constructor, resource.Lifetime, resource.Needs)
		printConfig(printed, resource.Config)
	}
	for _, step := range preview.Steps {
		fmt.Fprintf(printed, "config %q\n", step.Key)
		printConfig(printed, step.Config)
	}
	digest := sha256.Sum256(printed.Bytes())
	return hex.EncodeToString(digest[:])
}

func printConfig(to *bytes.Buffer, fields []container.Field) {
	for _, field := range fields {
		fmt.Fprintf(to, " %q %q %t\n", field.Path, field.Type, field.Secret)
	}
}

// typePrinter prints Go types with all that they consist of, each named type
// once.
type typePrinter struct {
	to   *bytes.Buffer
	seen map[reflect.Type]int
}

func (p *typePrinter) print(t reflect.Type) {
	if t == nil {
		fmt.Fprint(p.to, "none\n")
		return
	}
	if number, ok := p.seen[t]; ok {
		fmt.Fprintf(p.to, "type %d\n", number)
		return
	}
	p.seen[t] = len(p.seen)
	fmt.Fprintf(p.to, "%q %q %s\n", t.PkgPath(), t.String(), t.Kind())
	switch t.Kind() {
	case reflect.Map:
		p.print(t.Key())
		p.print(t.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Chan:
		p.print(t.Elem())
	case reflect.Array:
		fmt.Fprintf(p.to, "%d ", t.Len())
		p.print(t.Elem())
	case reflect.Func:
		for i := range t.NumIn() {
			p.print(t.In(i))
		}
		for i := range t.NumOut() {
			p.print(t.Out(i))
		}
	case reflect.Struct:
		for i := range t.NumField() {
			field := t.Field(i)
			fmt.Fprintf(p.to, " %q %q ", field.Name, field.Tag)
			p.print(field.Type)
		}
	default: // the name says all
	}
}
