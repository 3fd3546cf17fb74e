package assets

// Kind says what a function is among the definitions of a program. It also
// stands in the names of targets and in texts, as in "asset orders" and
// "op cleanup".
type Kind string

// The kinds of definitions.
const (
	// KindAsset is a function whose values are assets: they are stored, and
	// kept until they are made again.
	KindAsset Kind = "asset"
	// KindOp is a step of one job. Its values are kept for their run alone.
	KindOp Kind = "op"
)
