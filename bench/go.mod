module github.com/fxrun/fxrun/bench

go 1.26.0

replace github.com/fxrun/fxrun => ../

require (
	github.com/fxrun/fxrun v0.0.0-00010101000000-000000000000
	github.com/google/go-cmp v0.7.0
	github.com/samber/do/v2 v2.0.0
	go.uber.org/dig v1.19.0
	go.uber.org/fx v1.24.0
	go.uber.org/goleak v1.3.0
)

require (
	github.com/kelseyhightower/envconfig v1.4.0 // indirect
	github.com/samber/go-type-to-string v1.8.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	go.uber.org/zap v1.26.0 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
