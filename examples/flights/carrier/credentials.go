package carrier

import "github.com/fxrun/fxrun/container"

// CredentialsConfig configures [Credentials].
type CredentialsConfig struct {
	User     string                   `default:"demo" desc:"User who logs in to the airline's API"`
	Password container.Secret[string] `default:"demo-password" desc:"The user's password"`
}

// Credentials are what a [Client] logs in with. They are not changed once
// made, so one value may serve several clients at once.
type Credentials struct {
	User     string
	Password container.Secret[string]
}

// NewCredentials returns the credentials that cfg gives.
func NewCredentials(cfg CredentialsConfig) *Credentials {
	return &Credentials{User: cfg.User, Password: cfg.Password}
}
