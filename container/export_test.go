package container

// StepLike gives a step the config that an option gives a resource.
func StepLike(key string, option Option) TargetOption {
	like := new(resourceDefinition)
	option.apply(like)
	return targetOptionFunc(func(t *Target) { t.step = &step{key: key, config: like.config} })
}

// LaunchOfStep gives a step what options launch a resource with.
func LaunchOfStep(resource, key string, opts ...ChildOption) ChildOption {
	var config childConfig
	for _, opt := range opts {
		opt.apply(&config)
	}
	return Launch(RunConfig{Steps: map[string]any{key: config.launch.Resources[resource]}})
}
