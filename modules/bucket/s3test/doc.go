// Package s3test holds tests of modules/bucket and iomanagers/objectstore on
// Amazon S3's protocol, spoken by a server in the test's own process. It is a
// Go module of its own so that nobody who uses buckets downloads the SDK of a cloud.
package s3test
