package docs_test

import (
	"fmt"
	"os"

	"github.com/fxrun/fxrun/container"
)

// MailAccount is the type of the items of a list. Each item is a config of its own.
type MailAccount struct {
	User     string                   `required:"true"`
	Password container.Secret[string] `required:"true"`
	Port     int                      `default:"587"`
}

type MailConfig struct {
	Accounts []MailAccount
}

type Mail struct{ accounts []MailAccount }

func NewMail(cfg MailConfig) *Mail { return &Mail{cfg.Accounts} }

var mailer = container.Provide("mail", NewMail, container.Config(MailConfig{}))

func Example_accounts() {
	_ = os.Setenv("MAIL_ADA", "secret")
	defer func() { _ = os.Unsetenv("MAIL_ADA") }()
	c, err := container.New(mailer)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, bob := range []string{"{user: bob}", "{user: bob, password: {env: MAIL_ADA}, port: 25}"} {
		config, err := container.ParseRunConfig([]byte(`
resources:
  mail:
    config:
      accounts:
        - user: ada
          password: {env: MAIL_ADA}
        - ` + bob))
		if err != nil {
			fmt.Println(err)
			return
		}
		prepared, err := c.Prepare(container.NeedsResources("mail"), container.Launch(config))
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(prepared.Preview().Resources[0].Config[0].Value)
	}
	// Output:
	// checking the launch: resources.mail.config.accounts[1].password: missing: every item has to give it
	// ******
}
