package docs_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

type BucketConfig struct{ Region string }

type Bucket struct {
	region  string
	account *Account
}

// NewBucket has another resource as a parameter, as in every Fx application.
func NewBucket(cfg BucketConfig, account *Account) *Bucket {
	return &Bucket{cfg.Region, account}
}

var bucket = container.Provide("bucket", NewBucket, container.Config(BucketConfig{Region: "eu-1"}))

// accountAtLaunch defines the same account, but each launch gives its config. The
// definition of the bucket does not change.
var accountAtLaunch = container.Provide("account", NewAccount,
	container.Config(AccountConfig{}, container.AtLaunch("User", "Password")))

func Example_nested() {
	definitions := fx.Options(bucket, accountAtLaunch,
		assets.New("owner", func(b *Bucket) string { return b.account.User + " in " + b.region }))
	inApplication(definitions, func(ctx context.Context, launcher *runs.Launcher) {
		err := execute(ctx, launcher, runs.Request{
			Selection: "owner",
			Config: container.RunConfig{Resources: map[string]any{
				"account": AccountConfig{User: "grace", Password: container.NewSecret("hopper")},
				"bucket":  container.Fields{"region": "us-1"},
			}},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		owner, err := runs.Value[string](ctx, launcher, "owner")
		fmt.Println(owner, err)
	})
	// Output: grace in us-1 <nil>
}
