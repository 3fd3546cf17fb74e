package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// TenantConfig names the tenant of a request. Each request gives it.
type TenantConfig struct{ Name string }

var tenantName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Validate refuses names that are not those of a tenant.
func (c TenantConfig) Validate() error {
	if !tenantName.MatchString(c.Name) {
		return fmt.Errorf("%q is no tenant's name", c.Name)
	}
	return nil
}

// Tenant is the tenant of the request.
type Tenant struct{ Name string }

// NewTenant returns the request's tenant.
func NewTenant(cfg TenantConfig) Tenant { return Tenant(cfg) }

// Transaction is the request's transaction.
type Transaction struct{ *sql.Tx }

// NewTransaction returns a transaction in the host's database. It begins when the
// child container of the request starts, and ends when the child container is
// closed. It commits if the request succeeded, and otherwise rolls back.
func NewTransaction(lc fx.Lifecycle, db *sqldb.DB) *Transaction {
	transaction := &Transaction{}
	container.Around(lc, func(ctx context.Context, yield func() error) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // does nothing after a commit
		transaction.Tx = tx
		if outcome := yield(); outcome != nil {
			return nil
		}
		return tx.Commit()
	})
	return transaction
}

// Ledger is the tenant's ledger, within the request's transaction.
type Ledger struct {
	tenant Tenant
	tx     *Transaction
}

// NewLedger returns the ledger of the request.
func NewLedger(tenant Tenant, tx *Transaction) *Ledger { return &Ledger{tenant: tenant, tx: tx} }

// ErrOverdrawn says that the balance of the ledger is too small.
var ErrOverdrawn = errors.New("the ledger would be overdrawn")

// Deposit adds an amount, which may be negative, and returns the new balance. It
// checks the balance only after it has written. If the balance is negative, the
// transaction undoes the write.
func (l *Ledger) Deposit(ctx context.Context, amount int64) (int64, error) {
	if _, err := l.tx.ExecContext(ctx, `INSERT INTO deposits VALUES (?, ?)`, l.tenant.Name, amount); err != nil {
		return 0, err
	}
	balance, err := l.Balance(ctx)
	if err == nil && balance < 0 {
		err = ErrOverdrawn
	}
	return balance, err
}

// Balance returns the sum of all deposits.
func (l *Ledger) Balance(ctx context.Context) (balance int64, err error) {
	err = l.tx.QueryRowContext(ctx, `SELECT COALESCE(SUM(amount), 0) FROM deposits WHERE tenant = ?`, l.tenant.Name).Scan(&balance)
	return balance, err
}
