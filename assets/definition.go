package assets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/host"
	"github.com/fxrun/fxrun/internal/signature"
)

// group is the Fx value group in which a host application gathers what [New],
// [Set] and [NewJob] return. Package fxrun reads it.
const group = "fxrun.assets"

// DefaultIO is the key of the IO manager that stores a value if the option [IO]
// is not given.
const DefaultIO = "io_manager"

// Definition is an [Asset], a [Job], or a [Set] of assets. It is also an
// fx.Option, so definitions compose with fx.Options and fx.Module.
type Definition interface {
	fx.Option
	define(*builder)
}

// definition holds the arguments of New or NewOp: a function, and what it makes.
type definition struct {
	kind        Kind
	key         string
	position    string // file:line of the call
	description string
	function    signature.Func
	outputs     []*output

	after   []string
	config  *stepConfig // nil without any
	retries int
	backoff func(attempt int) time.Duration
	timeout time.Duration
	pools   []string // sorted, each once
	apart   bool

	compiled []reflect.Type // the rows.Seq types of RowsOf

	only    *output // what options are about while ForOutput's are applied; nil is all
	aside   []outputOptions
	faults  []error
	options []string // names of options that only assets have
}

// output is one value that a function makes.
type output struct {
	key         string
	typ         reflect.Type // nil where the function stores its own data
	group       string
	tags        []string
	owners      []string
	description string
	io          string
	format      string
	codeVersion string
}

type stepConfig struct {
	value   any
	options []container.ConfigOption
}

// define makes a definition; skip is how many calls lie between it and the
// user's.
func define(kind Kind, key string, fn any, opts []Option, skip int) *definition {
	d := &definition{kind: kind, key: key}
	if _, file, line, ok := runtime.Caller(skip + 1); ok {
		d.position = fmt.Sprintf("%s:%d", path.Base(file), line)
	}
	check := checkSelectable
	if kind == KindOp {
		check = checkKey // no selection names it
	}
	if err := check(key); err != nil {
		d.fault("%w", err)
	}
	d.read(fn)
	for _, opt := range opts {
		d.apply(opt)
	}
	for _, aside := range d.aside {
		d.applyTo(aside)
	}
	for _, o := range d.outputs {
		d.checkMarks(o)
	}
	if kind == KindOp && len(d.options) > 0 {
		d.fault("an op has no %s: its value is kept for one run alone", strings.Join(d.options, ", "))
	}
	return d
}

func (d *definition) apply(opt Option) {
	if opt == nil {
		d.fault("one of its options is nil")
		return
	}
	opt.apply(d)
}

// read takes the function apart.
func (d *definition) read(fn any) {
	function, err := signature.Of(fn)
	d.function = function
	switch results := function.Results; {
	case errors.Is(err, signature.ErrAnnotated):
		d.fault("it is wrapped by fx.Annotate, which hides its parameters: give the plain function, with an fx.In struct in place of ParamTags")
	case err != nil:
		d.fault("%w", err)
	case len(results) == 0 && !function.ReturnsError() && d.kind == KindAsset:
		d.fault("%s returns nothing: an asset returns its value, or an error if it stores its data itself", function.Name)
	case len(results) == 0 && d.kind == KindAsset:
		d.addOutput(d.key, nil)
	case len(results) == 1 && !results[0].FromStruct() && results[0].Key == (signature.Key{Type: results[0].Type}):
		d.addOutput(d.key, results[0].Type)
	default:
		d.readOutputs(results)
	}
}

// readOutputs reads the fields of an fx.Out struct.
func (d *definition) readOutputs(results []signature.Result) {
	for _, result := range results {
		switch {
		case !result.FromStruct():
			d.fault("%s returns several values: make them the fields of one fx.Out struct, each with its key as a name tag", d.function.Name)
			return
		case result.Group != "":
			d.fault("%s returns a member of group %q: a value has a key, as a name tag", d.function.Name, result.Group)
		case result.Name == "":
			d.fault(`%s returns a %s without a name tag, which is its key, as in name:"raw/orders"`, d.function.Name, result.Type)
		default:
			if err := checkSelectable(result.Name); err != nil {
				d.fault("%s returns a %s: %w", d.function.Name, result.Type, err)
			}
			d.addOutput(result.Name, result.Type)
		}
	}
}

func (d *definition) addOutput(key string, t reflect.Type) {
	for _, other := range d.outputs {
		if other.key == key {
			d.fault("%s returns two values with the key %q", d.function.Name, key)
		}
	}
	d.outputs = append(d.outputs, &output{key: key, typ: t, io: DefaultIO})
}

func (d *definition) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Errorf(format, args...))
}

// each changes what an option is about: one output, or all of them.
func (d *definition) each(change func(*output)) {
	if d.only != nil {
		change(d.only)
		return
	}
	for _, o := range d.outputs {
		change(o)
	}
}

// asks are what a host application may have for the definition: values for its
// parameters, and the logger of its module.
func (d *definition) asks() []host.Ask {
	var asks []host.Ask
	for _, param := range d.function.Params {
		switch key := param.Key; {
		case key.Name == "" && (key.Type == loggerType || key.Type == stepContextType):
			asks = append(asks, host.Ask{Key: signature.Key{Type: loggerType}})
		case !isOwn(key) && !d.takesConfig(param):
			asks = append(asks, host.Ask{Key: key})
		}
	}
	return asks
}

// option makes a definition an fx.Option, which asks a host application for what
// the functions take, where it stands.
func option(given Definition, of ...*definition) fx.Option {
	all := host.Definitions{Places: make([]any, len(of))}
	seen := make(map[signature.Key]bool)
	for i, d := range of {
		all.Places[i] = d
		all.Makes = append(all.Makes, d.makes()...)
		for _, ask := range d.asks() {
			if !seen[ask.Key] {
				seen[ask.Key] = true
				all.Asks = append(all.Asks, ask)
			}
		}
	}
	return host.Option(group, given, all)
}

// makes are the types of what the function makes, for the errors of others that
// ask for them.
func (d *definition) makes() []host.Made {
	var made []host.Made
	for _, o := range d.outputs {
		if o.typ != nil {
			made = append(made, host.Made{Type: o.typ, Of: fmt.Sprintf("%s %s (%s)", d.kind, o.key, d.position)})
		}
	}
	return made
}

// String says which definition it is, and where.
func (d *definition) String() string { return fmt.Sprintf("%s %s (%s)", d.kind, d.key, d.position) }

// takesConfig reports whether a parameter is the step's own config.
func (d *definition) takesConfig(param signature.Param) bool {
	return d.config != nil && param.Name == "" && param.Group == "" && param.Type == reflect.TypeOf(d.config.value)
}

var (
	contextType     = reflect.TypeFor[context.Context]()
	stepContextType = reflect.TypeFor[*Context]()
	loggerType      = reflect.TypeFor[*slog.Logger]()
)

// isOwn reports whether a parameter is given by the step itself.
func isOwn(key signature.Key) bool {
	return key.Name == "" && key.Group == "" && (key.Type == contextType || key.Type == stepContextType || key.Type == loggerType)
}

// checkSelectable refuses keys that mean something else in a selection.
func checkSelectable(key string) error {
	if slices.Contains(selectionWords, key) {
		return fmt.Errorf("its key %q is a word of the selection language: choose another one", key)
	}
	return checkKey(key)
}

// checkMarks refuses groups and tags that a selection cannot name, and empty owners.
func (d *definition) checkMarks(o *output) {
	parts := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune("(),+", r)
	}
	check := func(kind, name string) {
		if strings.ContainsFunc(name, parts) {
			d.fault("its %s %q cannot be selected: it holds white space, a control character, a parenthesis, a comma or a +", kind, name)
		}
	}
	check("group", o.group)
	for _, tag := range o.tags {
		if tag == "" {
			d.fault("one of its tags is empty")
		}
		check("tag", tag)
	}
	if slices.Contains(o.owners, "") {
		d.fault("one of its owners is empty")
	}
}

// checkKey refuses keys that selections, paths and tags cannot name.
func checkKey(key string) error {
	if key == "" {
		return errors.New("its key is empty")
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || strings.Trim(part, ".") == "" {
			return fmt.Errorf("its key %q has an empty part", key)
		}
		if i := strings.IndexFunc(part, func(r rune) bool { return !isKeyRune(r) }); i >= 0 {
			return fmt.Errorf("its key %q is not allowed: it may hold letters, digits, _, -, . and / between parts", key)
		}
	}
	return nil
}

func isKeyRune(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func (d *definition) outputKeys() []string {
	keys := make([]string, len(d.outputs))
	for i, o := range d.outputs {
		keys[i] = o.key
	}
	slices.Sort(keys)
	return keys
}
