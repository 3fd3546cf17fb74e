package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/fxrun/fxrun/container"
)

// Handler answers each request in a child container of its own.
func Handler(requests *container.Container) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{tenant}/deposits", func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(io.LimitReader(r.Body, 100))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		amount, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			http.Error(w, "the amount is not a whole number", http.StatusBadRequest)
			return
		}
		var balance int64
		answer(w, &balance, requests.Invoke(r.Context(), func(ctx context.Context, ledger *Ledger) (err error) {
			balance, err = ledger.Deposit(ctx, amount)
			return err
		}, forTenant(r)))
	})
	mux.HandleFunc("GET /{tenant}/balance", func(w http.ResponseWriter, r *http.Request) {
		var balance int64
		answer(w, &balance, requests.Invoke(r.Context(), func(ctx context.Context, ledger *Ledger) (err error) {
			balance, err = ledger.Balance(ctx)
			return err
		}, forTenant(r)))
	})
	return mux
}

// forTenant is the launch-time config of the request's child.
func forTenant(r *http.Request) container.ChildOption {
	return container.Launch(container.RunConfig{Resources: map[string]any{
		"tenant": TenantConfig{Name: r.PathValue("tenant")},
	}})
}

// answer writes the balance, or the error. It is called after the child container
// has been closed, so the transaction has been committed or rolled back.
func answer(w http.ResponseWriter, balance *int64, err error) {
	switch {
	case err == nil:
		fmt.Fprintln(w, *balance)
	case errors.Is(err, container.ErrInvalid):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case errors.Is(err, ErrOverdrawn):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}
