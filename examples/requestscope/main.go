// Command requestscope is an ordinary Fx HTTP server that opens a child
// container for each request: the request's tenant is its launch-time config,
// and a transaction of its own commits if the handler succeeds and rolls back
// if it fails, panics, or the client goes away.
//
//	go run ./examples/requestscope
//	curl -d 100 localhost:8080/acme/deposits
//	curl -d -30 localhost:8080/acme/deposits
//	curl localhost:8080/acme/balance
//
// It uses nothing of fxrun but package container and the Fx module.
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
