// Package follow gives what happens in a run to all who follow it, as server-sent events. A
// run is read once for all its followers. Each of them gets messages at its own pace, and is
// dropped if it is too slow: it then asks again.
package follow
