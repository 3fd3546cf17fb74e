package httpclient

// WithDefaults lets the tests compare the defaults in code with those in tags.
func WithDefaults(c Config) Config { return c.withDefaults() }
