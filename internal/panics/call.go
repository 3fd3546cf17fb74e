package panics

import "errors"

// ErrGoexit is the error of a function that ends its goroutine in place of
// returning, as testing.T.FailNow does.
var ErrGoexit = errors.New("it ended its goroutine without returning")

// Call calls a user's function and gives its error to ended: also a panic in it,
// as an *[Error], and an end of the goroutine, as [ErrGoexit]. The text of the
// error is read once, and what happens in that counts as well: a nil pointer that
// was returned as an error often has a text that panics. Call must be the last
// thing that its goroutine does, since nothing after it runs in that case.
func Call(call func() error, ended func(error)) {
	err := ErrGoexit
	defer func() {
		if recovered := recover(); recovered != nil {
			err = Recovered(recovered)
		}
		ended(err)
	}()
	returned := call()
	if returned != nil {
		_ = returned.Error()
	}
	err = returned
}

// Guard calls a user's function in a goroutine of its own, waits for it, and
// returns its error as [Call] gives it. The caller's goroutine goes on in every
// case.
func Guard(call func() error) error {
	returned := make(chan error, 1)
	go Call(call, func(err error) { returned <- err })
	return <-returned
}
