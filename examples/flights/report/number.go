package report

import (
	"math"
	"strconv"
	"strings"
)

// count writes a whole number with commas: 20,000.
func count(n int) string {
	sign, digits := "", strconv.Itoa(n)
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// flightCount writes a number of flights with its noun.
func flightCount(n int) string {
	if n == 1 {
		return "1 flight"
	}
	return count(n) + " flights"
}

// airportCount writes a number of airports with its noun.
func airportCount(n int) string {
	if n == 1 {
		return "1 airport"
	}
	return count(n) + " airports"
}

// minutes writes a delay with one decimal and a true minus sign: −3.5.
func minutes(m float64) string {
	text := strconv.FormatFloat(m, 'f', 1, 64)
	if text == "-0.0" {
		return "0.0"
	}
	return strings.Replace(text, "-", "−", 1)
}

// percent writes a share: 21.5%.
func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + "%" }

// coordinate writes a number for SVG, with up to two decimals.
func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}
