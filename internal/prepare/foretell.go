package prepare

import (
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// foretell finds the constructors that the options of a child would call, from the
// parameters and results of the functions in the options. It costs a small part of
// a dry run. It returns nil if anything is unusual or wrong. Then a dry run finds
// out what Fx does, and which errors to report.
func (p *Preparation) foretell() map[string]bool {
	if p.Given.Intricate || !regular(p.Given.Functions) {
		return nil
	}
	known := 2*(len(p.Nodes)+len(p.longer)) + 8 // most resources have one result, and some are asked for by another key
	f := &foreteller{
		gives: make(map[signature.Key]producer, known), decorators: make(map[signature.Key]*fxoption.Function),
		borrowed: make(map[*graph.Node]bool), done: make(map[*fxoption.Function]bool), under: make(map[*fxoption.Function]bool),
		constructed: make(map[string]bool, len(p.Nodes)),
	}
	if !f.addResources(p) || !f.addFunctions(p.Given.Functions) {
		return nil
	}
	for _, target := range p.Targets {
		if !f.askAll(target.Needed()) {
			return nil
		}
	}
	for i := range p.Given.Functions {
		function := &p.Given.Functions[i]
		if root := function.Kind == fxoption.Invoke || function.Kind == fxoption.Logger; root && !f.call(function, function.Params) {
			return nil
		}
	}
	for i := range p.Given.Functions {
		function := &p.Given.Functions[i]
		if function.Kind == fxoption.Replace && !f.done[function] { // an unused fx.Replace is reported by the dry run
			return nil
		}
		if function.Kind == fxoption.Provide && len(function.Params) > 0 && !f.done[function] { // the function could be in a cycle
			return nil
		}
	}
	return f.constructed
}

// regular reports whether all functions are of the kinds that foretell knows.
func regular(functions []fxoption.Function) bool {
	option, annotated := reflect.TypeFor[fx.Option](), reflect.TypeFor[fx.Annotated]()
	for _, function := range functions {
		decorates := function.Kind.Decorates()
		if function.InModule || function.Private || len(function.Results) == 0 && (decorates || function.Kind == fxoption.Provide) {
			return false
		}
		for _, param := range function.Params {
			if param.Soft || param.Keyed || param.Group != "" && decorates {
				return false
			}
		}
		for _, result := range function.Results {
			own := fxapp.OfEveryApp(result.Key) || result.Type == resource.LifecycleType
			if own || result.Group != "" && decorates || result.Type == annotated || result.Type.Implements(option) {
				return false
			}
		}
	}
	return true
}

// producer says what gives a key: a resource, a function, or another key. It has
// none of these if the value exists already.
type producer struct {
	node     *graph.Node
	function *fxoption.Function
	keys     []signature.Key
}

type foreteller struct {
	graph       *graph.Graph
	gives       map[signature.Key]producer
	decorators  map[signature.Key]*fxoption.Function
	borrowed    map[*graph.Node]bool
	done        map[*fxoption.Function]bool // functions that are called
	under       map[*fxoption.Function]bool // functions whose parameters are being followed
	constructed map[string]bool
}

// add notes the producer of a key. It returns false if the key has a producer
// already.
func (f *foreteller) add(key signature.Key, p producer) bool {
	if _, twice := f.gives[key]; twice {
		return false
	}
	f.gives[key] = p
	return true
}

// addResources notes the results of the resources, and the producers of the keys
// that are asked for, as constructors does.
func (f *foreteller) addResources(p *Preparation) bool {
	f.graph = p.Graph
	asks := make([][]graph.Ask, 0, len(p.Nodes)+len(p.Targets)+1)
	for i, n := range slices.Concat(p.Nodes, p.longer) {
		for _, key := range f.graph.ResultKeys(n) {
			if fxapp.OfEveryApp(key) || !f.add(key, producer{node: n}) {
				return false
			}
		}
		if i < len(p.Nodes) {
			asks = append(asks, f.graph.AsksOf(n))
		} else {
			f.borrowed[n] = true
		}
	}
	for _, target := range p.Targets {
		asks = append(asks, target.Needed())
	}
	asks = append(asks, p.offered.Needed())
	if !f.addAnswers(p, asks) {
		return false
	}
	for _, member := range p.offered.Members() {
		group := f.gives[member.Group]
		group.keys = append(group.keys, member.From)
		f.gives[member.Group] = group
	}
	for _, kind := range p.offered.Own() {
		f.gives[signature.Key{Type: typeOf(kind)}] = producer{}
	}
	for _, key := range []signature.Key{{Type: resource.LifecycleType}, fxapp.ShutdownerKey, fxapp.DotGraphKey} {
		f.gives[key] = producer{}
	}
	return true
}

// addAnswers notes the producers of the keys that are asked for and are not those of results.
func (f *foreteller) addAnswers(p *Preparation, asks [][]graph.Ask) bool {
	seen := make(map[signature.Key]bool, 2*len(asks))
	add := func(ask *graph.Ask) bool {
		if ask.Own || seen[ask.Key] { // only those who ask for an own value get it
			return true
		}
		seen[ask.Key] = true
		canonical := ask.From.Node != nil && f.graph.Canonical(ask.From) == ask.Key
		switch {
		case ask.Value.IsValid(), p.fromParent()[ask.Key].IsValid() && !canonical:
			f.gives[ask.Key] = producer{}
		case ask.From.Node != nil && !canonical:
			return f.add(ask.Key, producer{keys: []signature.Key{f.graph.Canonical(ask.From)}})
		}
		return true
	}
	for _, list := range asks {
		for i := range list {
			if !add(&list[i]) {
				return false
			}
		}
	}
	for _, param := range p.parentAsks {
		if !add(&graph.Ask{Param: param}) {
			return false
		}
	}
	return true
}

// typeOf returns the type of a value that every child has by itself.
func typeOf(kind graph.InputKind) reflect.Type {
	switch kind {
	case graph.ContextInput:
		return resource.ContextType
	case graph.LoggerInput:
		return resource.LoggerType
	case graph.LifecycleInput:
		return resource.LifecycleType
	default:
		return resource.RunInfoType
	}
}

// addFunctions notes the keys that the functions of the options give and
// decorate.
func (f *foreteller) addFunctions(functions []fxoption.Function) bool {
	for i := range functions {
		function := &functions[i]
		for _, result := range function.Results {
			switch function.Kind {
			case fxoption.Provide, fxoption.Supply:
				if result.Group != "" || !f.add(result.Key, producer{function: function}) {
					return false
				}
			case fxoption.Decorate, fxoption.Replace:
				if f.decorators[result.Key] != nil {
					return false
				}
				f.decorators[result.Key] = function
			default:
				// Nothing takes the results of an fx.Invoke.
			}
		}
	}
	return true
}

// ask follows the calls for a parameter. It returns false if it cannot know them.
func (f *foreteller) ask(param signature.Param) bool {
	given, ok := f.gives[param.Key]
	if decorator := f.decorators[param.Key]; decorator != nil && !f.under[decorator] {
		return ok && (f.done[decorator] || f.call(decorator, decorator.Params)) // nothing gives the decorated value, so Fx decides
	}
	switch {
	case !ok:
		return param.Optional || param.Group != ""
	case given.node != nil:
		return f.construct(given.node)
	case given.function != nil:
		return f.done[given.function] || f.call(given.function, given.function.Params)
	}
	for _, key := range given.keys {
		if !f.ask(signature.Param{Key: key}) {
			return false
		}
	}
	return true
}

// construct follows the calls for a resource.
func (f *foreteller) construct(n *graph.Node) bool {
	if f.constructed[moduleName(n)] {
		return true
	}
	f.constructed[moduleName(n)] = true
	if f.borrowed[n] { // the resource exists already
		return true
	}
	return f.askAll(f.graph.AsksOf(n))
}

// askAll follows the calls for what a resource or a target asks for.
func (f *foreteller) askAll(asks []graph.Ask) bool {
	for i := range asks {
		if asks[i].Own && f.decorators[asks[i].Key] == nil {
			continue
		}
		if asks[i].Own || !f.ask(asks[i].Param) {
			return false
		}
	}
	return true
}

// call follows the calls for the parameters of a function.
func (f *foreteller) call(function *fxoption.Function, params []signature.Param) bool {
	if f.under[function] { // a cycle
		return false
	}
	f.under[function] = true
	defer delete(f.under, function)
	for _, param := range params {
		if !f.ask(param) {
			return false
		}
	}
	f.done[function] = true
	return true
}
