// Command requestscope is an ordinary HTTP server with Fx that opens a child
// container for each request. The tenant of the request is the launch-time config
// of the child container. Each request has a transaction of its own. It commits if
// the handler succeeds. It rolls back if the handler fails or panics, or if the
// client goes away.
//
//	go run ./examples/requestscope
//	curl -d 100 localhost:8080/acme/deposits
//	curl -d -30 localhost:8080/acme/deposits
//	curl localhost:8080/acme/balance
//
// Of fxrun it uses only package container and the Fx module.
package main

import (
	"os"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

func main() {
	address := ":8080"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	fx.New(
		Application(),
		fx.Supply(sqlite.Config{Path: "ledger.db"}, Address(address)),
	).Run()
}
