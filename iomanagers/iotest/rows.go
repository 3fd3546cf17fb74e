package iotest

import (
	"fmt"
	"time"
)

// Row is a row of the kind that every format for tables can hold.
type Row struct {
	ID     int64
	Name   string
	Amount float64
	Paid   bool
	At     time.Time
}

// equal is what equality says of two rows.
func (r Row) equal(other Row) bool {
	sameAmount := r.Amount == other.Amount || r.Amount != r.Amount && other.Amount != other.Amount
	return sameAmount && r.ID == other.ID && r.Name == other.Name && r.Paid == other.Paid && r.At.Equal(other.At)
}

// Rows returns rows that differ in number and content for each i >= 0, 3 to 31 of them.
func Rows(i int) []Row {
	rows := make([]Row, 3+7*(i%5))
	for n := range rows {
		rows[n] = Row{
			ID:     int64(i),
			Name:   fmt.Sprintf("row %d of value %d", n, i),
			Amount: float64(n) / 3,
			Paid:   n%2 == 0,
			At:     time.Date(2026, 1, 2, 3, 4, 5, i*1000, time.UTC).AddDate(0, 0, n), // in microseconds, which databases hold
		}
	}
	return rows
}
