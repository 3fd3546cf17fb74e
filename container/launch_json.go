package container

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// LaunchJSON renders a run config as JSON that may be stored and shown, in the
// form that [ParseRunConfig] reads: {env: NAME} references are kept, the
// literals of secret fields are left out. A launch that reads it back has to
// give those again.
//
// The error is a *[Faults] with what is wrong with the config.
func (c *Container) LaunchJSON(config RunConfig) (json.RawMessage, error) {
	launches, faults := c.readLaunch(config)
	if err := JoinFaults("reading the run config", faults); err != nil {
		return nil, err
	}
	type section struct {
		Config map[string]any `json:"config"`
	}
	resources := make(map[string]section)
	for n, values := range launches {
		fields := make(map[string]any)
		for i := range n.config.fields {
			field := &n.config.fields[i]
			given, ok := values[field.path]
			if !ok {
				continue
			}
			if shown, ok := given.shown(field); ok {
				setPath(fields, field.path, shown)
			}
		}
		if len(fields) > 0 {
			resources[n.key] = section{fields}
		}
	}
	if len(resources) == 0 {
		return json.RawMessage("{}"), nil
	}
	text, err := json.Marshal(map[string]any{"resources": resources})
	if err != nil {
		return nil, fmt.Errorf("rendering the run config: %w", err)
	}
	return text, nil
}

// shown returns what may be shown of a value given at launch.
func (v launchValue) shown(field *configField) (any, bool) {
	if v.node == nil {
		if field.secret || !v.value.IsValid() {
			return nil, false
		}
		return jsonable(v.value), true
	}
	if name, ok := variableReference(field.typ, v.node); ok {
		return map[string]string{"env": name}, true
	}
	if field.secret {
		return nil, false
	}
	value := reflect.New(field.typ).Elem()
	if fault := decodeNode(v.node, value); fault != nil {
		return nil, false
	}
	return jsonable(value), true
}

// jsonable returns the value as a launch would write it: a duration as 5s, not
// as nanoseconds.
func jsonable(value reflect.Value) any {
	if duration, ok := value.Interface().(time.Duration); ok {
		return duration.String()
	}
	return value.Interface()
}

// setPath sets a dotted path in nested maps.
func setPath(fields map[string]any, path string, value any) {
	section, name, nested := cutLast(path)
	if !nested {
		fields[name] = value
		return
	}
	inner, ok := lookPath(fields, section)
	if !ok {
		inner = make(map[string]any)
		setPath(fields, section, inner)
	}
	inner[name] = value
}

func lookPath(fields map[string]any, path string) (map[string]any, bool) {
	section, name, nested := cutLast(path)
	if nested {
		outer, ok := lookPath(fields, section)
		if !ok {
			return nil, false
		}
		fields = outer
	}
	inner, ok := fields[name].(map[string]any)
	return inner, ok
}
