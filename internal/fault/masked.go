package fault

// Masked returns err with another text, from which mask has taken the secrets.
// What err matches it matches too; so only its own text is to be shown, and not
// that of an error below it. An error without secrets, or nil, is returned as it is.
func Masked(err error, mask func(string) string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	shown := mask(text)
	if shown == text {
		return err
	}
	return &maskedError{shown, err}
}

type maskedError struct {
	text  string
	cause error
}

func (m *maskedError) Error() string { return m.text }

// GoString keeps %#v from the error below.
func (m *maskedError) GoString() string { return m.text }

func (m *maskedError) Unwrap() error { return m.cause }
