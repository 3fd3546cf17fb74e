package report_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
	"github.com/fxrun/fxrun/rows"
)

// element is an element of a page, with what it holds.
type element struct {
	name     string
	attrs    map[string]string
	text     string // all text in it
	children []*element
}

// parse reads the page as XML, which the page is on purpose: every element
// closed, every attribute quoted. It fails the test otherwise.
func parse(t *testing.T, page report.HTML) *element {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(page)))
	decoder.Entity = xml.HTMLEntity
	root := &element{}
	open := []*element{root}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			last := open[len(open)-1]
			last.children = append(last.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text += string(token)
			}
		}
	}
}

// find returns all elements of a name that have a class, in the page's order.
// The empty class is any.
func (e *element) find(name, class string) []*element {
	var found []*element
	for _, child := range e.children {
		if child.name == name && (class == "" || slices.Contains(strings.Fields(child.attrs["class"]), class)) {
			found = append(found, child)
		}
		found = append(found, child.find(name, class)...)
	}
	return found
}

func sample(t testing.TB) report.Data {
	t.Helper()
	flights, err := delays.ParseFlights(data.FlightsJSON())
	if err != nil {
		t.Fatal(err)
	}
	airports, err := delays.ParseAirports(data.AirportsCSV())
	if err != nil {
		t.Fatal(err)
	}
	byAirport, err := delays.ByAirport(rows.From(flights), airports)
	if err != nil {
		t.Fatal(err)
	}
	byMonth, err := delays.ByMonth(rows.From(flights))
	if err != nil {
		t.Fatal(err)
	}
	return report.Data{
		ByMonth:    byMonth,
		ByAirport:  byAirport,
		Worst:      delays.Worst(byAirport, 20, 100),
		MinFlights: 100,
		Airports:   airports,
	}
}

func render(t testing.TB, data report.Data) report.HTML {
	t.Helper()
	page, err := report.Render(data)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestThePageOfTheSample(t *testing.T) {
	t.Parallel()
	data := sample(t)
	page := render(t, data)
	root := parse(t, page)

	t.Run("it is the same each time", func(t *testing.T) {
		if page != render(t, sample(t)) {
			t.Error("two pages of the same data differ")
		}
	})
	t.Run("its head has the totals", func(t *testing.T) {
		var got []string
		for _, figure := range root.find("dd", "") {
			got = append(got, figure.text)
		}
		if diff := cmp.Diff([]string{"20,000", "7.7 min", "21.7%", "220"}, got); diff != "" {
			t.Error(diff)
		}
		if !strings.Contains(root.find("header", "")[0].text, "January to March 2001") {
			t.Error("the period is missing")
		}
	})
	t.Run("every month has a card with as many squares marked as flights in a hundred are late", func(t *testing.T) {
		var got []string
		for _, card := range root.find("div", "card") {
			got = append(got, fmt.Sprintf("%s %d of %d", card.find("h3", "")[0].text,
				len(card.find("rect", "late")), len(card.find("rect", ""))))
		}
		want := []string{"January 2001 21 of 100", "February 2001 24 of 100", "March 2001 21 of 100"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("every worst airport has a bar, as long as its delay", func(t *testing.T) {
		rows := root.find("ol", "bars")[0].find("li", "")
		if len(rows) != len(data.Worst) {
			t.Fatalf("there are %d bars, not %d", len(rows), len(data.Worst))
		}
		for i, row := range rows {
			want := data.Worst[i]
			if code := row.find("b", "code")[0].text; code != want.IATA {
				t.Errorf("bar %d is that of %s, not of %s", i+1, code, want.IATA)
			}
			var width float64
			if _, err := fmt.Sscanf(row.find("rect", "bar")[0].attrs["width"], "%f%%", &width); err != nil {
				t.Fatal(err)
			}
			if exact := 90 * want.MeanDelayMinutes / data.Worst[0].MeanDelayMinutes; math.Abs(width-exact) > 0.01 {
				t.Errorf("the bar of %s is %v%% wide, not %v%%", want.IATA, width, exact)
			}
			if label := row.find("text", "")[0].text; label != fmt.Sprintf("%.1f", want.MeanDelayMinutes) {
				t.Errorf("the bar of %s says %s", want.IATA, label)
			}
			if title := row.find("title", "")[0].text; !strings.HasPrefix(title, want.IATA+" "+want.Name+", "+want.State+": mean delay ") {
				t.Errorf("the title is %q", title)
			}
		}
	})
	t.Run("every airport of the continental states is on the map, the others are counted", func(t *testing.T) {
		dots := root.find("circle", "dot")
		if len(dots) != 197 {
			t.Errorf("there are %d dots", len(dots))
		}
		for _, dot := range dots {
			var x, y float64
			_, errX := fmt.Sscanf(dot.attrs["cx"], "%f", &x)
			_, errY := fmt.Sscanf(dot.attrs["cy"], "%f", &y)
			if errX != nil || errY != nil || x < 0 || x > 960 || y < 0 || y > 605 {
				t.Errorf("a dot lies at %s, %s", dot.attrs["cx"], dot.attrs["cy"])
			}
		}
		if note := root.find("p", "note")[0].text; !strings.Contains(note, ": 23 airports with 477 flights.") {
			t.Errorf("the note is %q", note)
		}
		if ground := root.find("path", "ground")[0].attrs["d"]; strings.Count(ground, "M") != 3069 {
			t.Errorf("the ground has %d dots", strings.Count(ground, "M"))
		}
	})
	t.Run("Seattle is in the upper left and Miami in the lower right", func(t *testing.T) {
		at := map[string][2]float64{}
		for _, dot := range root.find("circle", "dot") {
			var x, y float64
			_, _ = fmt.Sscanf(dot.attrs["cx"], "%f", &x)
			_, _ = fmt.Sscanf(dot.attrs["cy"], "%f", &y)
			at[dot.text[:3]] = [2]float64{x, y}
		}
		if sea, mia := at["SEA"], at["MIA"]; sea[0] > 150 || sea[1] > 100 || mia[0] < 750 || mia[1] < 500 {
			t.Errorf("SEA is at %v, MIA at %v", sea, mia)
		}
	})
	t.Run("the largest airports have labels", func(t *testing.T) {
		text := root.find("svg", "map")[0].text
		for _, code := range []string{"DFW", "ORD", "ATL", "LAX", "PHX", "DEN"} {
			if !strings.Contains(text, "\n"+code+"\n") {
				t.Errorf("%s has none", code)
			}
		}
	})
	t.Run("the table has every airport with its figures", func(t *testing.T) {
		var got []string
		for _, row := range root.find("tbody", "")[0].find("tr", "") {
			got = append(got, row.text)
		}
		var want []string
		for _, a := range data.ByAirport {
			mean := strings.Replace(fmt.Sprintf("%.1f", a.MeanDelayMinutes), "-", "−", 1)
			if mean == "−0.0" {
				mean = "0.0"
			}
			flights := fmt.Sprint(a.Flights)
			if a.Flights >= 1000 {
				flights = fmt.Sprintf("%d,%03d", a.Flights/1000, a.Flights%1000)
			}
			want = append(want, a.IATA+a.Name+a.State+flights+mean+fmt.Sprintf("%.1f%%", 100*a.ShareLate))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("data (-), table (+):\n%s", diff)
		}
	})
	t.Run("every picture has a name or is hidden from those who don't see", func(t *testing.T) {
		for _, svg := range root.find("svg", "") {
			if svg.attrs["role"] == "img" && (svg.attrs["aria-label"] != "" || svg.attrs["aria-labelledby"] != "") {
				continue
			}
			if svg.attrs["aria-hidden"] != "true" && !hidden(root, svg) {
				t.Errorf("%v has neither", svg.attrs)
			}
		}
	})
	t.Run("it asks for nothing from elsewhere and runs no script", func(t *testing.T) {
		for _, word := range []string{"http:", "https:", "url(", "@import", "<script", "<link", "<img", " src=", " href=", "ZgotmplZ"} {
			if strings.Contains(string(page), word) {
				t.Errorf("the page holds %q", word)
			}
		}
	})
}

// hidden reports whether e is inside an element that is hidden.
func hidden(from, e *element) bool {
	for _, child := range from.children {
		if child.attrs["aria-hidden"] == "true" && slices.Contains(child.find(e.name, ""), e) || hidden(child, e) {
			return true
		}
	}
	return false
}

func TestNamesAreEscaped(t *testing.T) {
	t.Parallel()
	const name = `<script>alert("1")</script> & 'Sons'`
	rows := []delays.AirportDelay{{IATA: "X&Y", Name: name, State: "<b>", Flights: 200, MeanDelayMinutes: 3, ShareLate: .1}}
	page := render(t, report.Data{
		ByAirport: rows, Worst: rows,
		Airports: []delays.Airport{{IATA: "X&Y", Name: name, Latitude: 40, Longitude: -100}},
	})
	if strings.Contains(string(page), "<script") || strings.Contains(string(page), "<b>") {
		t.Error("the name is in the page as it is")
	}
	root := parse(t, page)
	if got := root.find("tbody", "")[0].find("td", "")[0].text; got != name {
		t.Errorf("the table says %q", got)
	}
	const title = `X&Y ` + name + `, <b>: mean delay 3.0 minutes, 10.0% late, 200 flights`
	if got := root.find("ol", "bars")[0].find("svg", "")[0].attrs["aria-label"]; got != title {
		t.Errorf("the bar's label is %q", got)
	}
	if got := root.find("circle", "dot")[0].text; got != title {
		t.Errorf("the dot's title is %q", got)
	}
}

func TestRender(t *testing.T) {
	t.Parallel()
	t.Run("no data is a page that says so", func(t *testing.T) {
		root := parse(t, render(t, report.Data{}))
		if !strings.Contains(root.text, "There are no flights.") || len(root.find("section", "")) != 0 {
			t.Errorf("the page says %q", root.find("main", "")[0].text)
		}
	})
	t.Run("a mean below zero has a bar of no length and a true minus", func(t *testing.T) {
		rows := []delays.AirportDelay{{IATA: "A", Flights: 1, MeanDelayMinutes: -2.5}}
		bars := parse(t, render(t, report.Data{Worst: rows})).find("ol", "bars")[0]
		if width, text := bars.find("rect", "bar")[0].attrs["width"], bars.find("text", "")[0].text; width != "0%" || text != "−2.5" {
			t.Errorf("%s, %s", width, text)
		}
	})
	t.Run("a period over two years names both", func(t *testing.T) {
		months := []delays.MonthDelay{{Month: "2001-01"}, {Month: "2000-12"}}
		if text := parse(t, render(t, report.Data{ByMonth: months})).text; !strings.Contains(text, "December 2000 to January 2001") {
			t.Error("it doesn't")
		}
	})
	t.Run("an airport that is on no map is counted", func(t *testing.T) {
		rows := []delays.AirportDelay{{IATA: "A", Flights: 1}, {IATA: "B", Flights: 1}}
		root := parse(t, render(t, report.Data{ByAirport: rows, Airports: []delays.Airport{{IATA: "A", Latitude: 40, Longitude: -100}}}))
		if note := root.find("p", "note")[0].text; !strings.HasSuffix(note, ": 1 airport with 1 flight.") {
			t.Errorf("the note is %q", note)
		}
	})
	t.Run("what can't be drawn is told, all at once", func(t *testing.T) {
		page, err := report.Render(report.Data{
			ByMonth:   []delays.MonthDelay{{Month: "May"}},
			ByAirport: []delays.AirportDelay{{IATA: "A", MeanDelayMinutes: math.NaN()}, {IATA: "B", ShareLate: 1.5}},
			Worst:     []delays.AirportDelay{{IATA: "C", MeanDelayMinutes: math.Inf(1)}, {IATA: "D", Flights: -1, ShareLate: math.NaN()}},
		})
		const want = `rendering the report: month "May" is not like 2001-01
airport A: the mean delay is NaN
airport B: the share of late flights is 1.5
worst airport C: the mean delay is +Inf
worst airport D: -1 flights
worst airport D: the share of late flights is NaN`
		if err == nil || page != "" {
			t.Fatalf("got %q, %v", page, err)
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheScaleFitsAnyDelay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		longest float64
		want    string
	}{
		{16.2, "0 min 5 10 15"},
		{1, "0 min 0.2 0.4 0.6 0.8 1"},
		{0.3, "0 min 0.1 0.2 0.3"},
		{126, "0 min 50 100"},
		{10, "0 min 2 4 6 8 10"},
		{0, "0 min 1"},
		{-3, "0 min 1"},
		{5e-324, "0 min 0.1"},
		{1e9, "0 min 200000000 400000000 600000000 800000000 1000000000"},
	} {
		rows := []delays.AirportDelay{{IATA: "A", Flights: 1, MeanDelayMinutes: test.longest}}
		var got []string
		for _, label := range parse(t, render(t, report.Data{Worst: rows})).find("div", "scale")[0].find("text", "") {
			got = append(got, label.text)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%v: got %v", test.longest, got)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	data := sample(b)
	for b.Loop() {
		render(b, data)
	}
}
