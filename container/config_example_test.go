package container_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/container"
)

// Server listens.
type Server struct{ port int }

// ServerConfig says by tags which values are allowed.
type ServerConfig struct {
	Port  int           `min:"1" max:"65535" default:"8080" desc:"where it listens"`
	Level string        `enum:"debug,info,warn" default:"info"`
	Wait  time.Duration `min:"1s" max:"1m" default:"5s"`
}

// NewServer needs nothing.
func NewServer(cfg ServerConfig) *Server { return &Server{cfg.Port} }

func serverContainer() *container.Container {
	c, err := container.New(container.Provide("server", NewServer, container.Config(ServerConfig{}, container.FromEnv("SERVER"))))
	if err != nil {
		panic(err)
	}
	return c
}

func ExampleConfig_constraints() {
	run, err := container.ParseRunConfig([]byte(`
resources:
  server:
    config:
      port: 70000
      level: inof
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = serverContainer().Prepare(container.NeedsResources("server"), container.Launch(run))
	fmt.Println(err)
	// Output:
	// checking the launch: 2 faults:
	//   1. resources.server.config.port (line 5, column 13): it must be at most 65535
	//   2. resources.server.config.level (line 6, column 14): it must be one of "debug", "info", "warn", did you mean "info"?
}

func ExampleContainer_UnknownVariables() {
	environ := []string{"PATH=/bin", "SERVER_PORT=80", "SERVER_LEVLE=debug"} // os.Environ()
	for _, variable := range serverContainer().UnknownVariables(environ) {
		fmt.Printf("no field reads %s, did you mean %s?\n", variable.Name, variable.Nearest)
	}
	// Output: no field reads SERVER_LEVLE, did you mean SERVER_LEVEL?
}

func ExampleContainer_Schema() {
	text, err := serverContainer().Schema()
	if err != nil {
		fmt.Println(err)
		return
	}
	var schema struct {
		Properties struct {
			Resources struct {
				Properties struct {
					Server struct {
						Properties struct {
							Config struct{ Properties map[string]json.RawMessage }
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		fmt.Println(err)
		return
	}
	fields := schema.Properties.Resources.Properties.Server.Properties.Config.Properties
	fmt.Println(string(fields["level"]))
	fmt.Println(string(fields["port"]))
	// Output:
	// {"anyOf":[{"enum":["debug","info","warn"]},{"$ref":"#/$defs/env"}],"default":"info"}
	// {"description":"where it listens","anyOf":[{"type":"integer","minimum":1,"maximum":65535},{"$ref":"#/$defs/env"}],"default":8080}
}

func ExampleContainer_Template() {
	text, err := serverContainer().Template(container.Launch(container.RunConfig{Resources: map[string]any{"server": container.Fields{"port": 80}}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	// Output:
	// resources:
	//   server:
	//     config:
	//       # where it listens
	//       # int; at least 1; at most 65535; now from launch
	//       port: 80
	//       # string; one of "debug", "info", "warn"; now from default
	//       #level: info
	//       # time.Duration; at least 1s; at most 1m; now from default
	//       #wait: 5s
}
