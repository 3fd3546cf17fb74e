package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/server/api"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

// request returns the request that the flags make, and its config as it is sent to a
// server. If they name neither a job nor a selection, withDefault completes the request.
func (f runFlags) request(cmd *cobra.Command) (runs.Request, api.LaunchConfig, error) {
	config, sent, err := f.launch.read(cmd.InOrStdin())
	faults := fault.Of(err)
	tags, wrong := parseTags(f.tags)
	faults = append(faults, wrong...)
	if f.launch.job != "" && len(f.selects) > 0 {
		faults = append(faults, errors.New("--job and --select exclude each other: give one of them"))
	}
	faults = append(faults, f.executed.faults(cmd)...)
	request := runs.Request{Job: f.launch.job, Selection: eitherOf(f.selects), Config: config, Tags: tags, Timeout: f.executed.limit(cmd)}
	faults = append(faults, f.policies(cmd, &request)...)
	return request, sent, fault.Join("reading the flags", faults)
}

// policies sets in the request what the flags say of the run as a whole.
func (f runFlags) policies(cmd *cobra.Command, request *runs.Request) []error {
	var faults []error
	request.Priority = f.priority
	if changed := cmd.Flags().Changed; changed("retries") || changed("retry-wait") {
		request.RetryRun = &runs.RunRetry{Times: f.retries, Wait: f.retryWait}
		if f.retries < 0 || f.retryWait < 0 {
			faults = append(faults, errors.New("--retries and --retry-wait cannot be negative"))
		}
		if !changed("retries") {
			faults = append(faults, errors.New("--retry-wait needs --retries"))
		}
	}
	switch request.OnCrash = assets.CrashPolicy(f.onCrash); request.OnCrash {
	case "", assets.CrashResume, assets.CrashGiveUp:
	default:
		faults = append(faults, fmt.Errorf("--on-crash %q: it must be %s or %s", f.onCrash, assets.CrashResume, assets.CrashGiveUp))
	}
	if f.queue && f.dryRun {
		faults = append(faults, errors.New("--queue and --dry-run exclude each other: give one of them"))
	}
	if f.queue && (f.executed.parallel > 0 || f.executed.isolate != "") {
		faults = append(faults, errors.New("--parallel and --isolate are for the process that executes the run: give them to runs work, daemon, dev or serve"))
	}
	return faults
}

// scopeOf returns the part of the definitions that the flags --job and --select
// name.
func scopeOf(job string, selects []string) inspect.Scope {
	return inspect.Scope{Job: job, Selection: eitherOf(selects)}
}

// eitherOf joins selections with "or", which binds least, so they need no parentheses. Without
// selections it returns "".
func eitherOf(selects []string) string { return strings.Join(selects, " or ") }

// withDefault adds the default job or selection to a request that has neither. jobs are all
// jobs, and hasAssets says whether there are assets.
func withDefault(request runs.Request, jobs []assets.JobDescription, hasAssets bool) (runs.Request, error) {
	if request.Job != "" || request.Selection != "" {
		return request, nil
	}
	ofAssets := slices.DeleteFunc(slices.Clone(jobs), func(job assets.JobDescription) bool { return len(job.Ops) > 0 })
	switch {
	case len(jobs) == 1:
		request.Job = jobs[0].Name
	case len(ofAssets) == 1: // a job of ops must be named
		request.Job = ofAssets[0].Name
	case len(jobs) > 1:
		names := make([]string, len(jobs))
		for i, job := range jobs {
			names[i] = job.Name
		}
		return request, invalid("choosing what to run", "there are %d jobs: give --job %s", len(jobs), strings.Join(names, " or --job "))
	case !hasAssets:
		return request, invalid("choosing what to run", "no assets are defined")
	default:
		request.Selection = "*"
	}
	return request, nil
}

// parseTags reads the values of the flag --tag.
func parseTags(given []string) (tags map[string]string, faults []error) {
	tags = make(map[string]string)
	for _, tag := range given {
		name, value, ok := strings.Cut(tag, "=")
		if !ok || name == "" {
			faults = append(faults, fmt.Errorf("--tag %q: it must have the form NAME=VALUE", tag))
		}
		if _, twice := tags[name]; twice {
			faults = append(faults, fmt.Errorf("--tag %q: the tag %s is given twice", tag, name))
		}
		tags[name] = value
	}
	return tags, faults
}
