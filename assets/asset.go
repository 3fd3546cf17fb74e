package assets

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/host"
)

// Asset is a keyed function whose output is a named, stored value, or several.
// It is immutable.
type Asset struct {
	fx.Option
	definition *definition
}

// Key returns the asset's key; of a function that makes several assets, the
// key of its step.
func (a Asset) Key() string { return a.definition.key }

func (a Asset) define(b *builder) { b.assets = append(b.assets, a.definition) }

// New makes fn the asset called key, a path like "raw/orders".
//
// fn returns the asset's value and an error, the value alone, or an error
// alone if it stores its data itself. If it returns an fx.Out struct it makes
// several assets at once, one with each field, whose name tag is its key; key
// is then what the step is called, and selects all of them.
//
// Its parameters, plain or as fields of an fx.In struct, are resolved by type:
//
//   - the output type of another asset: that asset's stored value,
//   - the same rows in another form: an asset of []Order may be taken as
//     []Order, as iter.Seq2[Order, error] or as iter.Seq2[[]Order, error],
//     and the other way round; a stream is read while it is ranged over,
//   - the type that [Config] gave,
//   - a resource's type, or a type of the host application,
//   - context.Context, which ends when the step is cancelled,
//   - *[Context], *slog.Logger and container.RunInfo, which tell about the step.
//
// Where several assets or resources have one type, a field of an fx.In struct
// with a tag name:"raw/orders" says which. So tagged, a []byte is the value
// just as it is stored.
//
// Whatever is wrong with the arguments is reported by [NewGraph], all at once.
func New(key string, fn any, opts ...Option) Asset {
	asset := Asset{definition: define(KindAsset, key, fn, opts, 1)}
	asset.Option = host.Option[Definition](Group, asset, asset.definition.asks())
	return asset
}

// set is many definitions as one.
type set struct {
	fx.Option
	definitions []*definition
}

func (s set) define(b *builder) { b.assets = append(b.assets, s.definitions...) }

// Set makes many assets one definition, and so one provider in a host
// application's Fx graph: a loop's thousands of assets cost next to nothing
// there.
func Set(list ...Asset) Definition {
	all := set{definitions: make([]*definition, len(list))}
	for i, asset := range list {
		all.definitions[i] = asset.definition
	}
	all.Option = host.Option[Definition](Group, all, asksOf(all.definitions))
	return all
}
