package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
)

// Config says which bucket is used.
type Config struct {
	// URL is the bucket: "data/lake", "file:data/lake" or "file:///data/lake" for a
	// folder, "mem://" for one in memory, or that of a cloud, such as
	// "s3://my-bucket?region=eu-central-1"; which parameters a cloud takes is
	// told by its driver (gocloud.dev/blob/s3blob and so on). A relative folder
	// counts from the process's working directory. The URL is shown in
	// errors and descriptions: no passwords.
	URL string `json:"url" required:"true" desc:"bucket, such as s3://name?region=..., or a folder"`
	// Prefix is a folder within the bucket that takes the place of the whole: all
	// keys begin with it and a slash, and don't show it. "" means none.
	Prefix string `json:"prefix" desc:"folder within the bucket that is used as the whole"`
	// Shared says of a folder that all machines see it at the same path, for instance because
	// it is in a network file system. A run on many machines is refused without it, and also if
	// the path is relative. It changes nothing else, and means nothing for other buckets.
	Shared bool `json:"shared" desc:"all machines that execute steps see the folder"`
}

// StaysInProcess returns why another process cannot load the objects. It returns "" for
// buckets that are not in memory.
func (c Config) StaysInProcess() string {
	if u, err := parse(c.URL); err == nil && u.Scheme == memblob.Scheme {
		return "its bucket is in the memory of the process"
	}
	return ""
}

// StaysOnMachine returns why another machine cannot load the objects. It returns "" if the
// folder is shared, and for buckets that are no folders.
func (c Config) StaysOnMachine() string {
	u, err := parse(c.URL)
	switch {
	case err != nil || u.Scheme != fileblob.Scheme:
		return ""
	case !c.Shared:
		return fmt.Sprintf("its bucket is the folder %s, and its config does not say by \"shared\" that all machines see this folder", folderPath(u))
	case isRelative(c.URL):
		return fmt.Sprintf("its folder %s is shared, but is a relative path, which leads to another folder in each working directory: give an absolute path", shown(u))
	}
	return ""
}

// imports are the packages of the clouds' drivers, by scheme.
var imports = map[string]string{
	"s3":     "gocloud.dev/blob/s3blob",
	"gs":     "gocloud.dev/blob/gcsblob",
	"azblob": "gocloud.dev/blob/azureblob",
}

// Validate reports everything that is wrong with the config.
func (c Config) Validate() error {
	var faults []error
	if _, err := parse(c.URL); err != nil {
		faults = append(faults, fmt.Errorf("url: %w", err))
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(c.Prefix, "/"), "/") {
		if c.Prefix != "" && slices.Contains([]string{"", ".", ".."}, segment) {
			faults = append(faults, fmt.Errorf("prefix: %q must consist of names with slashes between them", c.Prefix))
			break
		}
	}
	return errors.Join(faults...)
}

// schemed tells a URL from a folder's path, C:\data among them.
var schemed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// parse returns the bucket's URL; that of a folder is the bare path.
func parse(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("missing")
	}
	if !schemed.MatchString(text) {
		return folderURL(text, "")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("can't be read as a URL") // which may hold a password
	case u.User != nil || strings.Contains(u.Opaque, "@"):
		return nil, errors.New("holds a user name or password, which would be shown with the config: the drivers find credentials in the environment")
	case u.Scheme == fileblob.Scheme:
		return parseFile(u)
	case !blob.DefaultURLMux().ValidBucketScheme(u.Scheme):
		return nil, unknownScheme(u.Scheme)
	case u.Opaque != "":
		return nil, fmt.Errorf("%q has no // after its scheme", text)
	}
	return u, nil
}

// isRelative reports whether the URL of a folder counts from the working directory.
func isRelative(text string) bool {
	if !schemed.MatchString(text) {
		return !filepath.IsAbs(text)
	}
	u, err := url.Parse(text)
	return err == nil && (u.Host == "." || u.Host == ".." || u.Opaque != "" && !filepath.IsAbs(u.Opaque))
}

// parseFile also takes relative paths, which the driver would take for absolute
// ones or, worse, the first of their folders for a host that it ignores.
func parseFile(u *url.URL) (*url.URL, error) {
	switch {
	case u.Opaque != "": // file:data/lake
		path, err := url.PathUnescape(u.Opaque)
		if err != nil {
			return nil, err
		}
		return folderURL(path, u.RawQuery)
	case u.Host == "." || u.Host == "..": // file://./data/lake
		return folderURL(u.Host+u.Path, u.RawQuery)
	case u.Host != "" && u.Host != "localhost":
		return nil, fmt.Errorf("file://%s%s names a host, %q: write file:%[1]s%[2]s for a relative folder, file:///%[1]s%[2]s for an absolute one", u.Host, u.Path, u.Host)
	case u.Path == "":
		return nil, errors.New("names no folder")
	}
	return folderURL(filepath.FromSlash(u.Path), u.RawQuery)
}

func folderURL(path, query string) (*url.URL, error) {
	if filepath.Separator != '/' && strings.HasPrefix(path, `\`) && filepath.VolumeName(path[1:]) != "" {
		path = path[1:] // file:///C:/data
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return &url.URL{Scheme: fileblob.Scheme, Path: path, RawQuery: query}, nil
}

func unknownScheme(scheme string) error {
	if path, ok := imports[scheme]; ok {
		return fmt.Errorf("the driver for %s:// isn't linked: add import _ %q to the program", scheme, path)
	}
	known := append(blob.DefaultURLMux().BucketSchemes(), "s3", "gs", "azblob")
	slices.Sort(known)
	return fmt.Errorf("there is no driver for %s:// among %s", scheme, strings.Join(slices.Compact(known), ", "))
}

func open(ctx context.Context, cfg Config) (*Bucket, error) {
	u, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	mux, isFolder := blob.DefaultURLMux(), u.Scheme == fileblob.Scheme
	if isFolder {
		mux = new(blob.URLMux)
		mux.RegisterBucket(fileblob.Scheme, folders)
	}
	bucket, err := mux.OpenBucketURL(ctx, u)
	if err != nil {
		return nil, err
	}
	opened := &Bucket{Bucket: bucket, swept: new(sync.Map), where: shown(u), config: cfg}
	if isFolder {
		opened.folder = folder{path: folderPath(u), prefix: u.Query().Get("prefix")}
	}
	if cfg.Prefix != "" {
		prefix := strings.TrimSuffix(cfg.Prefix, "/") + "/"
		opened.Bucket = blob.PrefixedBucket(bucket, prefix)
		opened.where = opened.Path(prefix)
		opened.folder.prefix += prefix
	}
	return opened, nil
}

// inWorkingFolder returns a path as it is written from the working folder, if it
// leads into that.
func inWorkingFolder(path string) string {
	working, err := os.Getwd()
	if err != nil {
		return path
	}
	relative, err := filepath.Rel(working, path)
	if err != nil || !filepath.IsLocal(relative) {
		return path
	}
	return relative
}

// shown is what stands before a key where people read it.
func shown(u *url.URL) string {
	prefix := u.Query().Get("prefix") // known to all of gocloud.dev's URLs
	if u.Scheme == fileblob.Scheme {
		return inWorkingFolder(filepath.Join(folderPath(u), filepath.FromSlash(prefix)))
	}
	where := u.Scheme + "://" + u.Host + u.Path
	if u.Host+u.Path != "" && !strings.HasSuffix(where, "/") {
		where += "/"
	}
	return where + prefix
}

func folderPath(u *url.URL) string {
	path := u.Path
	if filepath.Separator != '/' {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.FromSlash(path)
}

// folders makes a bucket of a folder. Temporary files lie beside what they
// become, since no file can be renamed into another file system, and no file of
// attributes lies beside each: a folder holds what was written, nothing else.
var folders = &fileblob.URLOpener{Options: fileblob.Options{
	CreateDir:   true,
	NoTempDir:   true,
	Metadata:    fileblob.MetadataDontWrite,
	DirFileMode: os.FileMode(0o777),
}}
