package report

// keyEntry explains one colour. Class is a class of the page's style sheet:
// w0 to w4 go from little to much, early stands apart.
type keyEntry struct{ Class, Label string }

func lateKey() []keyEntry {
	return []keyEntry{
		{"w0", "under 15%"}, {"w1", "15–20%"}, {"w2", "20–25%"}, {"w3", "25–30%"}, {"w4", "30% and more"},
	}
}

// lateClass is the colour of a share of late flights.
func lateClass(share float64) string {
	switch {
	case share < .15:
		return "w0"
	case share < .20:
		return "w1"
	case share < .25:
		return "w2"
	case share < .30:
		return "w3"
	}
	return "w4"
}

func delayKey() []keyEntry {
	return []keyEntry{
		{"early", "early"}, {"w0", "0–5 min late"}, {"w1", "5–10"}, {"w3", "10–15"}, {"w4", "15 and more"},
	}
}

// delayClass is the colour of a mean delay in minutes.
func delayClass(mean float64) string {
	switch {
	case mean < 0:
		return "early"
	case mean < 5:
		return "w0"
	case mean < 10:
		return "w1"
	case mean < 15:
		return "w3"
	}
	return "w4"
}
