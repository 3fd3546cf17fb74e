package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	if err := write(context.Background(), "../static"); err != nil {
		fmt.Fprintln(os.Stderr, "editor:", err)
		os.Exit(1)
	}
}

// write fetches the packages and writes the bundle with its licences into a folder.
func write(ctx context.Context, folder string) error {
	source, err := os.MkdirTemp("", "editor")
	if err != nil {
		return fmt.Errorf("making a folder for the packages: %w", err)
	}
	defer func() { _ = os.RemoveAll(source) }()
	for _, name := range []string{"editor.js", "package.json", "package-lock.json"} {
		text, err := os.ReadFile(name) //nolint:gosec // one of three names
		if err != nil {
			return fmt.Errorf("reading what the bundle is made from: %w", err)
		}
		if err := os.WriteFile(filepath.Join(source, name), text, 0o600); err != nil {
			return fmt.Errorf("copying what the bundle is made from: %w", err)
		}
	}
	if err := fetch(ctx, source); err != nil {
		return err
	}
	script, err := bundle(source)
	if err != nil {
		return err
	}
	licences, err := licencesOf(filepath.Join(source, "node_modules"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "editor.min.js"), script, 0o600),
		os.WriteFile(filepath.Join(folder, "editor.LICENSE.txt"), licences, 0o600),
	)
}

// errFetch is matched by the error where the packages cannot be had.
var errFetch = errors.New("fetching the packages by npm")

// fetch installs the packages of the lock file. None of their scripts is executed.
func fetch(ctx context.Context, source string) error {
	install := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	install.Dir = source
	if told, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w\n%s", errFetch, err, told)
	}
	return nil
}

// bundle returns editor.js of a folder, and all that it imports, as one module.
func bundle(folder string) ([]byte, error) {
	made := api.Build(api.BuildOptions{
		EntryPoints: []string{"editor.js"}, AbsWorkingDir: folder, Bundle: true, Format: api.FormatESModule, Target: api.ES2022,
		MinifyIdentifiers: true, MinifySyntax: true, MinifyWhitespace: true, LegalComments: api.LegalCommentsEndOfFile,
	})
	if len(made.Errors) > 0 {
		return nil, fmt.Errorf("bundling editor.js: %s", strings.Join(api.FormatMessages(made.Errors, api.FormatMessagesOptions{}), "\n"))
	}
	return made.OutputFiles[0].Contents, nil
}

// licencesOf returns the licences of all packages in a folder of npm.
func licencesOf(folder string) ([]byte, error) {
	var files []string
	for _, pattern := range []string{"*/LICENSE*", "@*/*/LICENSE*"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	packages := make(map[string][]string) // by the text of their licence
	var texts []string
	for _, file := range files {
		read, err := os.ReadFile(file) //nolint:gosec // it is of a package that was just fetched
		if err != nil {
			return nil, fmt.Errorf("reading a licence: %w", err)
		}
		name, err := filepath.Rel(folder, filepath.Dir(file))
		if err != nil {
			return nil, err
		}
		text := strings.TrimSpace(string(read)) + "\n"
		if packages[text] == nil {
			texts = append(texts, text)
		}
		packages[text] = append(packages[text], filepath.ToSlash(name))
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("there are no licences in %s", folder)
	}
	var out strings.Builder
	out.WriteString("The file editor.min.js contains these packages.\n")
	for _, text := range texts {
		out.WriteString("\n" + strings.Join(packages[text], ", ") + "\n\n" + text)
	}
	return []byte(out.String()), nil
}
