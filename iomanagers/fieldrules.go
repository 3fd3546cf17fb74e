package iomanagers

// FieldOption changes which fields a codec accepts when it reads. [AllowUnknownFields] is one.
type FieldOption func(*rules)

// AllowUnknownFields makes [JSON], [JSONLines] and [Gob] skip the fields that are stored and that
// the Go type does not have. It is for files of others of which a program needs a part. Without
// it such a field is an error, since it may be a field of the type under another name.
func AllowUnknownFields() FieldOption { return func(r *rules) { r.unknown = true } }

// rules are which fields a codec accepts.
type rules struct{ unknown bool }

func fieldRules(options []FieldOption) rules {
	var r rules
	for _, option := range options {
		option(&r)
	}
	return r
}
