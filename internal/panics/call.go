package panics

import "errors"

// ErrGoexit is the error of a function that ends its goroutine and does not
// return, as testing.T.FailNow does.
var ErrGoexit = errors.New("it ended its goroutine without returning")

// Call calls a user's function and gives its error to ended. A panic becomes an
// *[Error], and an end of the goroutine becomes [ErrGoexit]. Call reads the text
// of the error once, because a nil pointer that was returned as an error often
// has a method Error that panics. Call must be the last thing that its goroutine
// does, because nothing after it runs if the function ends the goroutine.
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
// returns the error that [Call] gives. The goroutine of the caller continues in
// every case.
func Guard(call func() error) error {
	returned := make(chan error, 1)
	go Call(call, func(err error) { returned <- err })
	return <-returned
}

// Catch calls a user's function in the goroutine of the caller, and returns a panic as an
// *[Error]. An end of the goroutine is not caught: [Guard] can do that.
func Catch(call func() error) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = Recovered(recovered)
		}
	}()
	return call()
}
