package assets

// Op is a step of a job whose output is not an asset. An Op is a [JobPart]. It is
// immutable, and may be a part of several jobs.
type Op struct{ definition *definition }

// Name returns the op's name.
func (o Op) Name() string { return o.definition.key }

func (o Op) applyJob(d *jobDefinition) { d.ops = append(d.ops, o.definition) }

// NewOp makes an op of the function fn. [NewJob] makes it a step of a job.
//
// Parameters are resolved by type, as those of an asset are ([New]). The values
// of the job's other ops come first. If a parameter is an asset, its stored value
// is loaded. fn may return a value and an error, a value, an error, or nothing.
// Its value goes through an IO manager like that of an asset. It is stored only
// for its run, so runs never see the values of other runs. An fx.Out struct gives
// several values, each with a name tag.
func NewOp(name string, fn any, opts ...Option) Op {
	return Op{definition: define(KindOp, name, fn, opts, 1)}
}
