package delays_test

import (
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

func TestParseFlights(t *testing.T) {
	t.Parallel()
	t.Run("a flight has its fields, its date to the minute", func(t *testing.T) {
		got, err := delays.ParseFlights(strings.NewReader(
			`[{"date":"2001/01/31 23:47","delay":-6,"distance":1750,"origin":"DTW","destination":"LAS"}]`))
		want := []delays.Flight{{
			Date:  time.Date(2001, 1, 31, 23, 47, 0, 0, time.UTC),
			Delay: -6, Distance: 1750, Origin: "DTW", Destination: "LAS",
		}}
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if got := got[0].Month(); got != "2001-01" {
			t.Errorf("the month is %q", got)
		}
	})
	faults := []struct{ name, text, want string }{
		{"no JSON", `x`, "parsing flights: invalid character"},
		{"cut short", `[{"date":"2001/01/01 00:47"`, "parsing flights: unexpected EOF"},
		{"more after the array", `[] []`, "parsing flights: there is more after the array"},
		{"a bad date", `[{"date":"2001/13/01 00:47","origin":"A","destination":"B"}]`, "parsing flights: flight 1: parsing time"},
		{"a delay that is no number", `[{"date":"2001/01/01 00:47","delay":"x"}]`, "parsing flights: json: cannot unmarshal"},
		{"no origin", `[{"date":"2001/01/01 00:47","destination":"B"}]`, "parsing flights: flight 1: it has no origin"},
	}
	for _, fault := range faults {
		t.Run(fault.name+" is an error", func(t *testing.T) {
			got, err := delays.ParseFlights(strings.NewReader(fault.text))
			if err == nil || !strings.HasPrefix(err.Error(), fault.want) || got != nil {
				t.Errorf("got %v and error %v, want error %q", got, err, fault.want)
			}
		})
	}
}

func TestParseAirports(t *testing.T) {
	t.Parallel()
	const header = "iata,name,city,state,country,latitude,longitude\n"
	t.Run("NA in city and state means not known", func(t *testing.T) {
		got, err := delays.ParseAirports(strings.NewReader(header + "RCA,\"Ellsworth, AFB\",NA,NA,USA,44.1,-103.1\n"))
		want := []delays.Airport{{IATA: "RCA", Name: "Ellsworth, AFB", Country: "USA", Latitude: 44.1, Longitude: -103.1}}
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	})
	faults := []struct{ name, text, want string }{
		{"no header", "", "parsing airports: reading the header: EOF"},
		{"a missing column", "iata,name\nA,B\n", "parsing airports: csvutil: missing columns"},
		{"a row too short", header + "A,B\n", "parsing airports: record on line 2"},
		{"a latitude that is no number", header + "A,,,,,x,1\n", "parsing airports: "},
		{"a latitude off the globe", header + "A,,,,,90.5,1\n", "parsing airports: line 2: latitude 90.5"},
		{"a longitude that is NaN", header + "A,,,,,1,NaN\n", "parsing airports: line 2: longitude NaN"},
		{"no code", header + ",,,,,1,1\n", "parsing airports: line 2: the airport has no code"},
		{"a code twice", header + "A,,,,,1,1\nA,,,,,1,1\n", "parsing airports: line 3: A is on line 2 already"},
	}
	for _, fault := range faults {
		t.Run(fault.name+" is an error", func(t *testing.T) {
			got, err := delays.ParseAirports(strings.NewReader(fault.text))
			if err == nil || !strings.HasPrefix(err.Error(), fault.want) || got != nil {
				t.Errorf("got %v and error %v, want error %q", got, err, fault.want)
			}
		})
	}
}

func FuzzParseFlights(f *testing.F) {
	f.Add(`[{"date":"2001/01/01 00:47","delay":66,"distance":1750,"origin":"DTW","destination":"LAS"}]`)
	f.Add(`[null, {}]`)
	f.Fuzz(func(t *testing.T, text string) {
		flights, err := delays.ParseFlights(strings.NewReader(text))
		if err != nil && (flights != nil || !strings.HasPrefix(err.Error(), "parsing flights: ")) {
			t.Errorf("%v, %v", flights, err)
		}
		for _, flight := range flights {
			if flight.Date.Location() != time.UTC || flight.Origin == "" {
				t.Errorf("accepted %+v", flight)
			}
		}
	})
}

func FuzzParseAirports(f *testing.F) {
	f.Add("iata,name,city,state,country,latitude,longitude\nA,B,C,D,E,1,2\n")
	f.Add("\"iata\",name,city,state,country,longitude,latitude,more\nA,\"B\nb\",NA,NA,E,1e2,-2,\n")
	f.Fuzz(func(t *testing.T, text string) {
		airports, err := delays.ParseAirports(strings.NewReader(text))
		if err != nil && (airports != nil || !strings.HasPrefix(err.Error(), "parsing airports: ")) {
			t.Errorf("%v, %v", airports, err)
		}
		for _, a := range airports {
			if a.IATA == "" || !(a.Latitude <= 90) || !(a.Longitude <= 180) {
				t.Errorf("accepted %+v", a)
			}
		}
	})
}
