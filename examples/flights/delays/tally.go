package delays

// tally counts in whole numbers, so that its results don't depend on the order
// of the flights.
type tally struct {
	flights int
	late    int
	minutes int
}

// add counts f under key.
func add(tallies map[string]*tally, key string, f Flight) {
	t := tallies[key]
	if t == nil {
		t = &tally{}
		tallies[key] = t
	}
	t.flights++
	t.minutes += f.Delay
	if f.Late() {
		t.late++
	}
}

func (t *tally) mean() float64 { return float64(t.minutes) / float64(t.flights) }

func (t *tally) shareLate() float64 { return float64(t.late) / float64(t.flights) }
