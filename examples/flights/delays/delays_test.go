package delays_test

import (
	"bytes"
	"cmp"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	_ "modernc.org/sqlite"

	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// byAirport and byMonth give flights as a stream.
func byAirport(t testing.TB, flights []delays.Flight, airports []delays.Airport) []delays.AirportDelay {
	t.Helper()
	computed, err := delays.ByAirport(rows.From(flights), airports)
	if err != nil {
		t.Fatal(err)
	}
	return computed
}

func byMonth(t testing.TB, flights []delays.Flight) []delays.MonthDelay {
	t.Helper()
	computed, err := delays.ByMonth(rows.From(flights))
	if err != nil {
		t.Fatal(err)
	}
	return computed
}

func sample(t testing.TB) ([]delays.Flight, []delays.Airport) {
	t.Helper()
	flights, err := delays.ParseFlights(data.FlightsJSON())
	if err != nil {
		t.Fatal(err)
	}
	airports, err := delays.ParseAirports(data.AirportsCSV())
	if err != nil {
		t.Fatal(err)
	}
	return flights, airports
}

// database holds the same rows for SQL, whose answers the tests compare with.
func database(t testing.TB, flights []delays.Flight, airports []delays.Airport) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	t.Cleanup(func() { _ = db.Close() })
	exec := func(query string) {
		if _, err := db.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	exec(`create table flights (month text, delay integer, origin text)`)
	exec(`create table airports (iata text primary key, name text, state text)`)
	exec(`begin`)
	for _, f := range flights {
		month := f.Date.Format(time.DateOnly)[:7]
		if _, err := db.Exec(`insert into flights values (?, ?, ?)`, month, f.Delay, f.Origin); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range airports {
		if _, err := db.Exec(`insert into airports values (?, ?, ?)`, a.IATA, a.Name, a.State); err != nil {
			t.Fatal(err)
		}
	}
	exec(`commit`)
	return db
}

const byAirportSQL = `
	select origin, coalesce(name, ''), coalesce(state, ''), count(*), avg(delay),
	       1.0 * count(*) filter (where delay > 15) / count(*)
	from flights left join airports on iata = origin
	group by origin`

func airportRows(t testing.TB, db *sql.DB, query string) []delays.AirportDelay {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []delays.AirportDelay
	for rows.Next() {
		var a delays.AirportDelay
		if err := rows.Scan(&a.IATA, &a.Name, &a.State, &a.Flights, &a.MeanDelayMinutes, &a.ShareLate); err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func monthRows(t testing.TB, db *sql.DB) []delays.MonthDelay {
	t.Helper()
	rows, err := db.Query(`
		select month, count(*), avg(delay), 1.0 * count(*) filter (where delay > 15) / count(*)
		from flights group by month order by month`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []delays.MonthDelay
	for rows.Next() {
		var m delays.MonthDelay
		if err := rows.Scan(&m.Month, &m.Flights, &m.MeanDelayMinutes, &m.ShareLate); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// SQL may round the last bit of a quotient otherwise.
var nearly = cmpopts.EquateApprox(1e-12, 1e-12)

func TestFiguresAreThoseOfSQL(t *testing.T) {
	t.Parallel()
	flights, airports := sample(t)
	db := database(t, flights, airports)
	airportDelays := byAirport(t, flights, airports)

	t.Run("by airport, in the order of the code", func(t *testing.T) {
		want := airportRows(t, db, byAirportSQL+` order by origin`)
		if diff := gocmp.Diff(want, airportDelays, nearly); diff != "" {
			t.Errorf("SQL (-), ByAirport (+):\n%s", diff)
		}
	})
	t.Run("by month", func(t *testing.T) {
		if diff := gocmp.Diff(monthRows(t, db), byMonth(t, flights), nearly); diff != "" {
			t.Errorf("SQL (-), ByMonth (+):\n%s", diff)
		}
	})
	t.Run("the worst twenty of a hundred flights or more", func(t *testing.T) {
		want := airportRows(t, db, byAirportSQL+` having count(*) >= 100 order by avg(delay) desc, origin limit 20`)
		got := delays.Worst(airportDelays, 20, 100)
		if len(got) != 20 {
			t.Fatalf("there are %d, not 20", len(got))
		}
		if diff := gocmp.Diff(want, got, nearly); diff != "" {
			t.Errorf("SQL (-), Worst (+):\n%s", diff)
		}
	})
}

func TestTheSampleHasTheKnownTotals(t *testing.T) {
	t.Parallel()
	flights, airports := sample(t)
	airportDelays := byAirport(t, flights, airports)
	var months []int
	for _, m := range byMonth(t, flights) {
		months = append(months, m.Flights)
	}
	inAirports := 0
	for _, a := range airportDelays {
		inAirports += a.Flights
	}
	got := map[string]int{
		"flights":             len(flights),
		"airports":            len(airports),
		"flights of airports": inAirports,
		"origins":             len(airportDelays),
		"busy origins":        len(delays.Worst(airportDelays, len(airportDelays), 100)),
	}
	want := map[string]int{
		"flights": 20000, "airports": 3376, "flights of airports": 20000, "origins": 220, "busy origins": 52,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("known (-), counted (+):\n%s", diff)
	}
	if diff := gocmp.Diff([]int{6937, 5964, 7099}, months); diff != "" {
		t.Errorf("flights by month, known (-), counted (+):\n%s", diff)
	}
}

func TestByAirport(t *testing.T) {
	t.Parallel()
	t.Run("a delay of fifteen minutes is not late, one of sixteen is", func(t *testing.T) {
		flights := []delays.Flight{{Origin: "A", Delay: 15}, {Origin: "A", Delay: 16}}
		want := []delays.AirportDelay{{IATA: "A", Flights: 2, MeanDelayMinutes: 15.5, ShareLate: 0.5}}
		if diff := gocmp.Diff(want, byAirport(t, flights, nil)); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	})
	t.Run("early flights make a negative mean", func(t *testing.T) {
		flights := []delays.Flight{{Origin: "A", Delay: -20}, {Origin: "A", Delay: 5}}
		if got := byAirport(t, flights, nil)[0].MeanDelayMinutes; got != -7.5 {
			t.Errorf("the mean is %v", got)
		}
	})
	t.Run("an airport without flights has no row", func(t *testing.T) {
		if got := byAirport(t, nil, []delays.Airport{{IATA: "A"}}); len(got) != 0 {
			t.Errorf("got %v", got)
		}
	})
	t.Run("the order of the flights doesn't matter", func(t *testing.T) {
		flights, airports := sample(t)
		want := byAirport(t, flights, airports)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(flights), func(i, j int) {
			flights[i], flights[j] = flights[j], flights[i]
		})
		if diff := gocmp.Diff(want, byAirport(t, flights, airports)); diff != "" {
			t.Errorf("in order (-), shuffled (+):\n%s", diff)
		}
	})
}

func TestAStreamThatBreaksGivesItsErrorAndNoRows(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line is cut")
	flights := func(yield func(delays.Flight, error) bool) {
		_ = yield(delays.Flight{Origin: "A"}, nil) && yield(delays.Flight{}, broken)
	}
	if got, err := delays.ByAirport(flights, nil); got != nil || !errors.Is(err, broken) {
		t.Errorf("by airport: %v, %v", got, err)
	}
	if got, err := delays.ByMonth(flights); got != nil || !errors.Is(err, broken) {
		t.Errorf("by month: %v, %v", got, err)
	}
}

func TestWorst(t *testing.T) {
	t.Parallel()
	rows := []delays.AirportDelay{
		{IATA: "D", Flights: 100, MeanDelayMinutes: 7},
		{IATA: "A", Flights: 99, MeanDelayMinutes: 50},
		{IATA: "C", Flights: 100, MeanDelayMinutes: 9},
		{IATA: "B", Flights: 200, MeanDelayMinutes: 7},
	}
	codes := func(rows []delays.AirportDelay) (codes []string) {
		for _, r := range rows {
			codes = append(codes, r.IATA)
		}
		return codes
	}
	tests := []struct {
		name          string
		n, minFlights int
		want          []string
	}{
		{"few flights are passed over and ties go by code", 20, 100, []string{"C", "B", "D"}},
		{"the first n are kept", 2, 100, []string{"C", "B"}},
		{"no minimum takes all", 20, 0, []string{"A", "C", "B", "D"}},
		{"zero gives none", 0, 0, nil},
		{"below zero gives none", -1, 0, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := slices.Clone(rows)
			if diff := gocmp.Diff(test.want, codes(delays.Worst(rows, test.n, test.minFlights))); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if diff := gocmp.Diff(before, rows); diff != "" {
				t.Errorf("the argument changed:\n%s", diff)
			}
		})
	}
}

func TestRowsSurviveTheirFormats(t *testing.T) {
	t.Parallel()
	flights, airports := sample(t)
	t.Run("flights", func(t *testing.T) { throughFormats(t, flights) })
	t.Run("airports", func(t *testing.T) { throughFormats(t, airports) })
	t.Run("by airport", func(t *testing.T) { throughFormats(t, byAirport(t, flights, airports)) })
	t.Run("by month", func(t *testing.T) { throughFormats(t, byMonth(t, flights)) })
}

func throughFormats[T any](t *testing.T, rows []T) {
	t.Helper()
	for _, codec := range []iomanagers.Codec{iomanagers.JSONLines(), iomanagers.CSV()} {
		var file bytes.Buffer
		if err := codec.Encode(&file, rows); err != nil {
			t.Fatal(err)
		}
		var got []T
		if err := codec.Decode(&file, &got); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(rows, got); diff != "" {
			t.Errorf("%s: written (-), read (+):\n%s", codec.Name(), diff)
		}
	}
}

func FuzzFiguresHoldTogether(f *testing.F) {
	f.Add([]byte{3, 15, 3, 16, 9, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		var flights []delays.Flight
		for pair := range slices.Chunk(b, 2) {
			if len(pair) == 2 {
				flights = append(flights, delays.Flight{Origin: string('A' + rune(pair[0]%26)), Delay: int(int8(pair[1]))})
			}
		}
		rows := byAirport(t, flights, nil)
		total := 0
		for _, row := range rows {
			total += row.Flights
			if row.ShareLate < 0 || row.ShareLate > 1 || row.MeanDelayMinutes < -128 || row.MeanDelayMinutes > 127 {
				t.Errorf("out of bounds: %+v", row)
			}
		}
		if total != len(flights) {
			t.Errorf("%d flights became %d", len(flights), total)
		}
		if !slices.IsSortedFunc(rows, func(a, b delays.AirportDelay) int { return cmp.Compare(a.IATA, b.IATA) }) {
			t.Error("the rows are not in order")
		}
	})
}
