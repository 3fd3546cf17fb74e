package iomanagers

import (
	"math"
	"strconv"
)

// The functions of this file read and write the plain numbers that most files consist of, such as
// -12 and 12.50, in a fraction of the time of package strconv. What they do not take goes to
// package strconv, with the same result for every text.

// wholeNumber reads an integer of at most 18 digits. It returns false for any other text.
func wholeNumber(text []byte) (n int64, ok bool) {
	digits, negative := text, false
	if len(text) > 0 && text[0] == '-' {
		digits, negative = text[1:], true
	}
	const most = 18 // that fit in 64 bits, whatever they are
	if len(digits) == 0 || len(digits) > most {
		return 0, false
	}
	for _, c := range digits {
		d := c - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	if negative {
		n = -n
	}
	return n, true
}

// exactDigits is how many decimal digits a float64 holds of any number.
const exactDigits = 15

// tens are powers of ten, which float64 holds exactly.
var tens = [exactDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// decimalNumber reads a number of at most 15 digits, with or without a point among them. Its digits
// and the power of ten are exact, so their quotient is rounded once, as it should be. It returns
// false for any other text.
func decimalNumber(text []byte) (f float64, ok bool) {
	digits, negative := text, false
	if len(text) > 0 && text[0] == '-' {
		digits, negative = text[1:], true
	}
	n, point := int64(0), -1
	if len(digits) == 0 || len(digits) > exactDigits+1 || digits[0] == '.' || digits[len(digits)-1] == '.' {
		return 0, false
	}
	for i, c := range digits {
		d := c - '0'
		if d <= 9 {
			n = n*10 + int64(d)
			continue
		}
		if c != '.' || point >= 0 {
			return 0, false
		}
		point = i
	}
	f = float64(n)
	if point >= 0 {
		f /= tens[len(digits)-1-point]
	} else if len(digits) > exactDigits {
		return 0, false
	}
	if negative {
		f = -f
	}
	return f, true
}

// appendFloat appends the shortest text that is read as the number. A number below a million with at
// most three digits behind the point has so few digits that no other number of as many digits is
// the same float64. So these digits are the shortest text.
func appendFloat(b []byte, f float64, bits int) []byte {
	const least, most, scale = 0.001, 1e6, 1000
	size := math.Abs(f)
	if bits != 64 || !(size < most) || size < least {
		return strconv.AppendFloat(b, f, 'G', -1, bits)
	}
	n := uint64(size*scale + 0.5)
	if float64(n)/scale != size {
		return strconv.AppendFloat(b, f, 'G', -1, bits)
	}
	if f < 0 {
		b = append(b, '-')
	}
	b = strconv.AppendUint(b, n/scale, 10)
	rest := n % scale
	if rest == 0 {
		return b
	}
	b = append(b, '.', byte('0'+rest/100))
	if rest %= 100; rest > 0 {
		b = append(b, byte('0'+rest/10))
		if rest %= 10; rest > 0 {
			b = append(b, byte('0'+rest))
		}
	}
	return b
}
