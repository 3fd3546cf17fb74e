package ui

import (
	"embed"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

//go:embed templates
var templateFiles embed.FS

// template is a page, or a part of one.
type template struct {
	set  *htmltemplate.Template
	name string
}

func (t *template) execute(out io.Writer, data shell) error {
	if strings.HasPrefix(t.name, "part-") {
		return t.set.ExecuteTemplate(out, t.name, data.Data)
	}
	return t.set.ExecuteTemplate(out, "shell", data)
}

// parseTemplates reads the templates. Each file of a page defines "main"; the shell and
// the parts are common to all pages.
func parseTemplates(functions htmltemplate.FuncMap) (map[string]*template, error) {
	common, err := htmltemplate.New("").Funcs(functions).ParseFS(templateFiles, "templates/shell.html", "templates/parts/*.html")
	if err != nil {
		return nil, err
	}
	templates := make(map[string]*template)
	for _, part := range common.Templates() {
		if strings.HasPrefix(part.Name(), "part-") {
			templates[part.Name()] = &template{common, part.Name()}
		}
	}
	files, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		page, err := common.Clone()
		if err != nil {
			return nil, err
		}
		if page, err = page.ParseFS(templateFiles, file); err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(path.Base(file), ".html")
		templates[name] = &template{page, name}
	}
	return templates, nil
}

// functions are what templates may call.
func (p *Pages) functions() htmltemplate.FuncMap {
	return htmltemplate.FuncMap{
		"url":      p.url,
		"static":   func(name string) string { return p.config.Prefix + p.static.path(name) },
		"prefix":   func() string { return p.config.Prefix },
		"duration": durationText,
		"count":    func(n int) string { return countText(int64(n)) },
		"counted":  counted,
		"clock":    func(t time.Time) string { return t.UTC().Format("15:04:05.000") },
		"rfc3339":  func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"utc":      func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" },
		"breaks":   breaks,
		"source":   sourceText,
		"short":    shortID,
	}
}

// url returns the path of a page under the prefix. first is the path of the page, with a
// final slash if the key of something follows. Then come names and values of the query.
func (p *Pages) url(first string, more ...string) string {
	if strings.HasSuffix(first, "/") && first != "/" && len(more) > 0 {
		first += escapedKey(more[0])
		more = more[1:]
	}
	values := make(url.Values)
	for i := 0; i+1 < len(more); i += 2 {
		if more[i+1] != "" {
			values.Set(more[i], more[i+1])
		}
	}
	if query := values.Encode(); query != "" {
		first += "?" + query
	}
	return p.config.Prefix + first
}

// escapedKey escapes a key for a path. Its slashes stay, unless a part of it is a dot or
// two, or is empty, which browsers would resolve.
func escapedKey(key string) string {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		switch part {
		case ".", "..", "":
			return url.PathEscape(strings.ReplaceAll(key, ".", "%2E"))
		}
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

// breaks lets a long key break after slashes and dots.
func breaks(text string) htmltemplate.HTML {
	escaped := htmltemplate.HTMLEscapeString(text)
	return htmltemplate.HTML(strings.NewReplacer("/", "/<wbr>", ".", ".<wbr>", "_", "_<wbr>").Replace(escaped)) //nolint:gosec // it is escaped
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
