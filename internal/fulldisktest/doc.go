// Package fulldisktest lets a test write to a disk that is full.
package fulldisktest
