// Package report draws the delays of flights as one HTML page that needs
// nothing else: no network, no script, no font.
//
// Package delays computes what it draws.
package report
