package sqltable

import (
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// scanDecimal reads a number of a NUMERIC column, which drivers give as text.
func (c *cell) scanDecimal(field reflect.Value, text string) error {
	if f, ok := nonFinite[text]; ok && c.column.class == floats {
		field.SetFloat(f)
		return nil
	}
	// big.Rat reads fractions and other bases too, which no database writes.
	number, ok := new(big.Rat).SetString(text)
	if !ok || strings.Trim(text, "-.0123456789") != "" {
		if _, ok := nonFinite[text]; ok {
			return c.refuse("%s", text)
		}
		return c.refuse("%q", text)
	}
	if c.column.class == floats {
		f, _ := number.Float64()
		field.SetFloat(f)
		if isDecimal(field.Float(), c.column.bits, number) {
			return nil
		}
		return c.refuse("%s", text)
	}
	whole := number.Num()
	switch {
	case !number.IsInt():
	case field.CanInt() && whole.IsInt64() && !field.OverflowInt(whole.Int64()):
		field.SetInt(whole.Int64())
		return nil
	case field.CanUint() && whole.IsUint64() && !field.OverflowUint(whole.Uint64()):
		field.SetUint(whole.Uint64())
		return nil
	}
	return c.refuse("%s", text)
}

// nonFinite are the numbers of PostgreSQL that are no decimals.
var nonFinite = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

// isDecimal says that a float of so many bits has all digits of a number: written with as many
// digits as tell it from its neighbours, it is that number.
func isDecimal(f float64, bits int, number *big.Rat) bool {
	if math.IsInf(f, 0) {
		return false
	}
	written, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'f', -1, bits))
	return ok && written.Cmp(number) == 0
}
