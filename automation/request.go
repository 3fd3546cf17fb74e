package automation

import (
	"context"
	"iter"
	"reflect"

	"github.com/fxrun/fxrun/container"
)

// RunRequest asks for a run.
type RunRequest struct {
	// Key makes the run once for ever: of several requests with the same key, by the
	// same schedule or sensor, only the first one makes a run, until somebody resets
	// the key. It is UTF-8 of at most 500 bytes. A request without a key makes a run at each
	// tick that returns it.
	Key string
	// Job is the name of the job to run, and Selection a selection of assets in the
	// language of assets.Graph.Select. At most one of them is set. Without any, the
	// target of the definition is run.
	Job       string
	Selection string
	// Config is the config of the launch, such as the table of this run:
	//
	//	container.RunConfig{Resources: map[string]any{"warehouse": WarehouseConfig{Table: "orders"}}}
	//
	// It is checked before the tick is recorded. Secrets must be references {env: NAME},
	// since the history keeps no secrets.
	Config container.RunConfig
	// Tags are the tags of the run, besides those of the definition and of the job.
	Tags map[string]string
	// Priority takes the place of the priority of the definition, if it is not 0.
	Priority int
}

var contextType = reflect.TypeFor[context.Context]()

// requestsOf returns a function that goes through the requests in a value of a type, or nil
// if values of this type hold none.
func requestsOf(t reflect.Type) func(value any) iter.Seq2[RunRequest, error] {
	switch t {
	case reflect.TypeFor[RunRequest]():
		return func(value any) iter.Seq2[RunRequest, error] { return each([]RunRequest{value.(RunRequest)}) }
	case reflect.TypeFor[*RunRequest]():
		return func(value any) iter.Seq2[RunRequest, error] {
			if request := value.(*RunRequest); request != nil {
				return each([]RunRequest{*request})
			}
			return each(nil)
		}
	case reflect.TypeFor[[]RunRequest]():
		return func(value any) iter.Seq2[RunRequest, error] { return each(value.([]RunRequest)) }
	case reflect.TypeFor[iter.Seq2[RunRequest, error]]():
		return func(value any) iter.Seq2[RunRequest, error] {
			if sequence := value.(iter.Seq2[RunRequest, error]); sequence != nil {
				return sequence
			}
			return each(nil)
		}
	}
	return nil
}

func each(requests []RunRequest) iter.Seq2[RunRequest, error] {
	return func(yield func(RunRequest, error) bool) {
		for _, request := range requests {
			if !yield(request, nil) {
				return
			}
		}
	}
}
