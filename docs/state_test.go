package docs_test

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// Session logs in when the run starts, and logs out when the run ends.
type Session struct {
	account *Account
	token   string
}

func NewSession(lc fx.Lifecycle, account *Account) *Session {
	s := &Session{account: account}
	lc.Append(fx.StartStopHook(s.logIn, s.logOut))
	return s
}

func (s *Session) logIn(context.Context) error {
	s.token = "token of " + s.account.User
	fmt.Println("logged in")
	return nil
}

func (s *Session) logOut(context.Context) error {
	fmt.Println("logged out")
	return nil
}

// Transaction is open for as long as the run takes.
type Transaction struct{ rows int }

func NewTransaction(lc fx.Lifecycle, session *Session) *Transaction {
	tx := &Transaction{}
	container.Around(lc, func(_ context.Context, yield func() error) error {
		fmt.Println("begin with the", session.token)
		if outcome := yield(); outcome != nil { // the run happens here
			fmt.Println("roll back", tx.rows, "rows")
			return nil
		}
		fmt.Println("commit", tx.rows, "rows")
		return nil
	})
	return tx
}

func Example_state() {
	definitions := fx.Options(
		container.Provide("account", NewAccount, container.Config(AccountConfig{User: "ada", Password: container.NewSecret("x")})),
		container.Provide("session", NewSession),
		container.Provide("transaction", NewTransaction),
		assets.New("written", func(tx *Transaction) error {
			tx.rows = 3
			return nil
		}),
		assets.New("refused", func(tx *Transaction) error {
			tx.rows = 5
			return errors.New("the disk is full")
		}),
	)
	inApplication(definitions, func(ctx context.Context, launcher *runs.Launcher) {
		for _, selection := range []string{"written", "refused"} {
			fmt.Println(execute(ctx, launcher, runs.Request{Selection: selection}))
		}
	})
	// Output:
	// logged in
	// begin with the token of ada
	// commit 3 rows
	// logged out
	// <nil>
	// logged in
	// begin with the token of ada
	// roll back 5 rows
	// logged out
	// materializing refused: the disk is full
}
