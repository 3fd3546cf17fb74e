package delays

import "iter"

// tally counts in whole numbers, so that its results don't depend on the order
// of the flights.
type tally struct {
	flights int
	late    int
	minutes int
}

// tallyBy counts each flight under its key. It holds one flight at a time.
func tallyBy(key func(Flight) string, flights iter.Seq2[Flight, error]) (map[string]*tally, error) {
	tallies := make(map[string]*tally)
	for f, err := range flights {
		if err != nil {
			return nil, err
		}
		t := tallies[key(f)]
		if t == nil {
			t = &tally{}
			tallies[key(f)] = t
		}
		t.add(f)
	}
	return tallies, nil
}

func (t *tally) add(f Flight) {
	t.flights++
	t.minutes += f.Delay
	if f.Late() {
		t.late++
	}
}

func (t *tally) mean() float64 { return float64(t.minutes) / float64(t.flights) }

func (t *tally) shareLate() float64 { return float64(t.late) / float64(t.flights) }
