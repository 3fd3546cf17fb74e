package assets

// Op is a step of a job whose output is not an asset. It is a [JobPart], is
// immutable, and may be a part of several jobs.
type Op struct{ definition *definition }

// Name returns the op's name.
func (o Op) Name() string { return o.definition.key }

func (o Op) applyJob(d *jobDefinition) { d.ops = append(d.ops, o.definition) }

// NewOp makes fn an op, a step of the jobs that it is given to by [NewJob].
//
// Parameters are resolved by type as those of an asset ([New]), but first
// among the values of the job's other ops; the value of an asset is loaded from
// what is stored. fn may return a value and an error, a value, an error, or
// nothing. Its value goes through an IO manager as an asset's does, but is kept
// for its run alone, so that runs never see each other's. An fx.Out struct
// gives several values, each with a name tag.
func NewOp(name string, fn any, opts ...Option) Op {
	return Op{definition: define(KindOp, name, fn, opts, 1)}
}
