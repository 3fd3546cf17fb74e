package assets

import (
	"go.uber.org/fx"
)

// Asset is a function with a key. Its output is stored, as one named value or as
// several. An Asset is immutable.
type Asset struct {
	fx.Option
	definition *definition
}

// Key returns the key of the asset. If the function makes several assets, it
// returns the key of its step.
func (a Asset) Key() string { return a.definition.key }

func (a Asset) define(b *builder) { b.assets = append(b.assets, a.definition) }

// New makes an asset of the function fn. Its key is a path such as "raw/orders".
//
// fn returns the value of the asset and an error, or only the value. If fn
// stores its data itself, it returns only an error. If fn returns an fx.Out
// struct, it makes several assets at once. Each field is an asset, and its name
// tag is the key of the asset. In this case key is the key of the step, and it
// selects all of these assets.
//
// The parameters of fn may be plain, or fields of an fx.In struct. They are
// resolved by type. A parameter may have one of these types:
//
//   - the output type of another asset: the parameter is its stored value,
//   - the same rows in another form: an asset of []Order may be taken as
//     []Order, as iter.Seq2[Order, error] or as iter.Seq2[[]Order, error],
//     and the other way round; a stream is read while the function ranges over it,
//   - the type of the value that was given to [Config],
//   - the type of a resource, or a type of the host application,
//   - context.Context, which ends when the step is cancelled,
//   - *[Context], *slog.Logger and container.RunInfo, which describe the step.
//
// If several assets or resources have one type, use a field of an fx.In struct.
// Its tag, such as name:"raw/orders", says which one is meant. A []byte with such
// a tag is the value as it is stored.
//
// A field with the tag group:"raw" takes all assets that are [InGroup] "raw", as
// for twelve monthly tables that a loop made, of which one asset is the union:
//
//	type Months struct {
//		fx.In
//		All   []Month          `group:"raw"` // in the order of their keys
//		ByKey map[string]Month `group:"raw"` // the same values by the keys of their assets
//	}
//
// The function then runs after all of them, and a member of another type is a
// fault. Where no asset is in the group, its members are those of resources and
// of the host application, as in Fx.
//
// [NewGraph] reports everything that is wrong with the arguments.
func New(key string, fn any, opts ...Option) Asset {
	asset := Asset{definition: define(KindAsset, key, fn, opts, 1)}
	asset.Option = option(asset, asset.definition)
	return asset
}

// set combines many definitions into one.
type set struct {
	fx.Option
	definitions []*definition
}

func (s set) define(b *builder) { b.assets = append(b.assets, s.definitions...) }

// Set combines many assets into one definition. In the Fx graph of a host
// application this is one provider, so thousands of assets cost almost nothing
// there.
func Set(list ...Asset) Definition {
	all := set{definitions: make([]*definition, len(list))}
	for i, asset := range list {
		all.definitions[i] = asset.definition
	}
	all.Option = option(all, all.definitions...)
	return all
}
