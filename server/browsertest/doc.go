// Package browsertest tests the web pages in a real browser: Chromium, which ./test
// installs where it is missing.
//
// It is a module of its own, since its library for the browser is large and only the tests
// need it. UPDATE_PICTURES=1 go test -run TestPictures ./... writes the pictures of docs
// anew.
package browsertest
