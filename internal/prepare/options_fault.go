package prepare

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fxrun/fxrun/internal/digerror"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/signature"
)

// plainFault says what is wrong with the caller's fx.Options without what dig
// says about its own functions and those of fxrun.
func (p *Preparation) plainFault(err error) error {
	plain := digerror.Plainly(err)
	if strings.HasSuffix(plain.Error(), "is provided already") {
		return fault.Errorf("applying the fx options: %w: fx.Replace takes the place of a resource", plain)
	}
	missing := missingTypes.FindStringSubmatch(fmt.Sprint(digerror.Cause(err)))
	if missing == nil {
		return fault.Errorf("applying the fx options: %w", plain)
	}
	for _, function := range p.Given.Functions {
		for _, param := range function.Params {
			if why := p.unoffered[param.Key]; why != nil && !param.Optional && strings.HasPrefix(missing[1], digName(param.Key)) {
				return fault.Errorf("applying the fx options: missing type: %s: %s: %w", digName(param.Key), function, why)
			}
		}
	}
	return fault.Errorf("applying the fx options: %w", plain)
}

var missingTypes = regexp.MustCompile(`^missing types?:\s+(?:-\s+)?(.*)`)

// digName is a key as dig writes it.
func digName(key signature.Key) string {
	if key.Name != "" {
		return fmt.Sprintf("%v[name=%q]", key.Type, key.Name)
	}
	return key.Type.String()
}
