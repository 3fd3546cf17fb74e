package docs_test

import (
	"context"
	"fmt"
	"os"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

type AccountConfig struct {
	User     string                   `required:"true"`
	Password container.Secret[string] `required:"true"`
	Retries  int                      `default:"3"`
	Verbose  bool
}

// Account is a resource that consists of its config only.
type Account struct{ AccountConfig }

func NewAccount(cfg AccountConfig) *Account { return &Account{cfg} }

var account = container.Provide("account", NewAccount,
	container.Config(AccountConfig{}, container.FromEnv("WEATHER")))

func Example_environment() {
	_ = os.Setenv("WEATHER_RETRIES", "many")
	defer func() { _ = os.Unsetenv("WEATHER_RETRIES") }()
	definitions := fx.Options(account, assets.New("login", func(a *Account) string { return fmt.Sprint(a.User, " ", a.Password) }))
	inApplication(definitions, func(ctx context.Context, launcher *runs.Launcher) {
		fmt.Println(execute(ctx, launcher, runs.Request{Selection: "login"}))
	})
	// Output:
	// checking the launch: 3 faults:
	//   1. resources.account.config.user: missing: set the environment variable WEATHER_USER, or give it at launch
	//   2. resources.account.config.password: missing: set the environment variable WEATHER_PASSWORD, or give it at launch
	//   3. resources.account.config.retries: the environment variable WEATHER_RETRIES is not a valid int
}
