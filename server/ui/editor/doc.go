// Command editor bundles the YAML editor of the launch page: editor.js with the packages
// of CodeMirror that package-lock.json names. It is a module of its own, since nobody who
// builds fxrun needs it: the bundle is part of the repository.
//
//	go run . # in this folder; it needs npm, which fetches the packages
//
// It writes ../static/editor.min.js and ../static/editor.LICENSE.txt. The same packages
// give the same bytes.
package main
